/**
 * The options of sinks, each once: from here configurations are checked, `--sink` is read, and JSON Schema is made. Numbers of
 * bytes may be said as `64M`, numbers of seconds as `5m`.
 */
import { COMPRESSIONS } from '../../features/files/table-writer.ts';
import type { SinkType } from './config.ts';
import { SINK_LIMITS } from './limits.ts';
import { FULL_POLICIES } from './policy.ts';
import { FACILITIES } from './syslog-message.ts';

export type OptionSpec = { readonly about: string } & (
  | { readonly kind: 'text' | 'flag' | 'texts' }
  | { readonly kind: 'choice' | 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'count' | 'bytes' | 'seconds'; readonly least: number; readonly most: number }
);
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

const text = (about: string): OptionSpec => ({ kind: 'text', about });
const texts = (about: string): OptionSpec => ({ kind: 'texts', about });
const choice = (choices: readonly string[], about: string): OptionSpec => ({ kind: 'choice', choices, about });
const kinds = (...choices: readonly string[]): OptionSpec => {
  return { kind: 'choices', choices, about: `items that it is given: of ${choices.join(', ')}` };
};
const count = (least: number, most: number, about: string): OptionSpec => ({ kind: 'count', least, most, about });
const bytes = (least: number, most: number, about: string): OptionSpec => ({ kind: 'bytes', least, most, about });
const seconds = (least: number, most: number, about: string): OptionSpec => ({ kind: 'seconds', least, most, about });

const KIB = 1024;
const GIB = 1024 ** 3;
const DAY = 86_400;

const COMMON: OptionSpecs = {
  name: text('unique among the sinks; a label of metrics'),
  policy: choice(FULL_POLICIES, 'what happens when the queue is full'),
  queueItems: count(1, 10_000_000, `items that may wait in memory (${SINK_LIMITS.queueItems})`),
  queueBytes: bytes(64 * KIB, 64 * GIB, 'bytes that they may hold, roughly (64M)'),
  spillFolder: text('a folder of its own for what policy spill puts on disk'),
  spillBytes: bytes(64 * KIB, 1024 * GIB, 'bytes that may lie there (256M)'),
  timeoutSeconds: seconds(0.05, 600, `an attempt that takes longer is given up (${SINK_LIMITS.timeoutSeconds})`),
};

const ROTATION: OptionSpecs = {
  rotateBytes: bytes(0, 1024 * GIB, 'size at which the file is rotated, 0 for never (256M)'),
  rotateSeconds: seconds(0, 366 * DAY, 'age at which it is rotated, 0 for never (0)'),
  keep: count(0, 100_000, `rotated files that are kept, 0 for all (${SINK_LIMITS.keepFiles})`),
  gzip: { kind: 'flag', about: 'compresses rotated files' },
};

const COLUMNS = texts('columns, in this order');
const BATCH_SECONDS = seconds(0, 60, 'how long items wait for others to go along (1)');

const TABLES: OptionSpecs = {
  ...COMMON,
  kinds: kinds('rows', 'alert'),
  folder: text('where files are put; its own'),
  prefix: text('what names of files begin with (verdicts)'),
  columns: COLUMNS,
  compress: choice(COMPRESSIONS, 'zstd, or none'),
  fileSeconds: seconds(1, 31 * DAY, 'what a file spans (3600)'),
  batchSeconds: BATCH_SECONDS,
};

export const SINK_OPTIONS: Readonly<Record<SinkType, OptionSpecs>> = {
  jsonl: {
    ...COMMON,
    kinds: kinds('rows', 'alert', 'record'),
    path: text('the file; - for standard output'),
    columns: COLUMNS,
    ...ROTATION,
  },
  eve: {
    ...COMMON,
    kinds: kinds('rows', 'alert'),
    path: text('the file; - for standard output'),
    socket: text('a unix stream socket, in the place of a file'),
    ...ROTATION,
  },
  webhook: {
    ...COMMON,
    kinds: kinds('alert', 'record'),
    url: text('http or https'),
    secretFile: text('a file with the secret that requests are signed with'),
    secretEnv: text('or the environment variable that holds it'),
    columns: COLUMNS,
    batchItems: count(1, SINK_LIMITS.batchItems, 'items of a request (50)'),
    batchSeconds: BATCH_SECONDS,
  },
  syslog: {
    ...COMMON,
    kinds: kinds('alert', 'record'),
    address: text('udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:/PATH'),
    facility: choice(FACILITIES, 'the facility (local0)'),
    hostName: text('HOSTNAME of messages'),
    framing: choice(['octet-counting', 'newline'], 'how messages follow each other over streams (octet-counting)'),
    maxBytes: count(480, 65_000, `bytes of a message (${SINK_LIMITS.syslogBytes})`),
    caFile: text('authorities of TLS, PEM'),
    certFile: text("this side's certificate, PEM"),
    keyFile: text('its key, PEM'),
    serverName: text("the name in the server's certificate"),
  },
  arrow: TABLES,
  parquet: TABLES,
};

export const SINK_TYPES = Object.keys(SINK_OPTIONS) as SinkType[];

/** What a sink cannot do without. */
export const NEEDED: Readonly<Record<SinkType, readonly string[]>> = {
  jsonl: ['path'],
  eve: [],
  webhook: ['url'],
  syslog: ['address'],
  arrow: ['folder'],
  parquet: ['folder'],
};

/** The configuration of a sink as JSON Schema (draft 2020-12). */
export function sinkSchema(): object {
  return {
    oneOf: SINK_TYPES.map((type) => ({
      type: 'object',
      additionalProperties: false,
      required: ['type', ...NEEDED[type]],
      properties: {
        type: { const: type },
        ...Object.fromEntries(Object.entries(SINK_OPTIONS[type]).map(([name, spec]) => [name, optionSchema(spec)])),
      },
    })),
  };
}

function optionSchema(spec: OptionSpec): object {
  const { about: description } = spec;
  switch (spec.kind) {
    case 'text':
      return { type: 'string', minLength: 1, description };
    case 'flag':
      return { type: 'boolean', description };
    case 'texts':
      return { type: 'array', items: { type: 'string' }, minItems: 1, description };
    case 'choice':
      return { enum: spec.choices, description };
    case 'choices':
      return { type: 'array', items: { enum: spec.choices }, minItems: 1, description };
    case 'count':
      return { type: 'integer', minimum: spec.least, maximum: spec.most, description };
    case 'bytes':
      return {
        anyOf: [
          { type: 'integer', minimum: spec.least, maximum: spec.most },
          { pattern: '^\\d+[kMGT]?$', type: 'string' },
        ],
        description,
      };
    case 'seconds':
      return {
        anyOf: [
          { type: 'number', minimum: spec.least, maximum: spec.most },
          { pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)?$', type: 'string' },
        ],
        description,
      };
  }
}
