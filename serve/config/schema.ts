/**
 * The form of a configuration file, as JSON Schema (2020-12): checked when one is read, and written to docs/serve.schema.json
 * for editors (configDocument). Which members a source may have depends on its kind, and those of a sink on its type: that is
 * checked afterwards, of sinks by themselves.
 */
import type { Schema } from '../../core/json-schema.ts';
import { LOG_LEVELS } from '../log.ts';
import { sinkSchema } from '../sinks/options.ts';
import type { SourceConfig } from '../sources/config.ts';

type Members = Readonly<Record<string, Schema>>;

const text = (description: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: 4_096,
  title: 'a text',
  description,
});
const seconds = (description: string, minimum = 0): Schema => ({
  type: 'number',
  minimum,
  maximum: 31_622_400,
  title: 'a number of seconds',
  description,
});
const whole = (minimum: number, maximum: number, description: string): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  title: `a whole number from ${minimum} to ${maximum}`,
  description,
});
const flag = (description: string): Schema => ({ type: 'boolean', title: 'true or false', description });
const texts = (description: string): Schema => ({
  type: 'array',
  title: 'a list',
  items: text('one'),
  maxItems: 1_000,
  description,
});
const object = (
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({
  type: 'object',
  title: 'an object',
  description,
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const INTERFACE = text('the name of the interface');
const FILTER = text('an expression of pcap-filter');
const BUFFER = whole(64, 4_194_304, 'the buffer of the kernel, KiB');

/** What each kind of source takes besides `kind`, and what it cannot do without. */
const SOURCES: Readonly<
  Record<SourceConfig['kind'], { readonly about: string; readonly needs: string; readonly takes: Members }>
> = {
  interface: {
    about: 'packets of an interface, by tcpdump or dumpcap',
    needs: 'interface',
    takes: {
      interface: INTERFACE,
      filter: FILTER,
      program: text('tcpdump or dumpcap, by name or path'),
      bufferKib: BUFFER,
      snapLength: whole(0, 262_144, 'bytes of each frame, 0 for all'),
      isImmediate: flag('packets come at once, and more of them are lost under load'),
    },
  },
  cap: {
    about: 'packets of an interface, by the addon cap',
    needs: 'interface',
    takes: { interface: INTERFACE, filter: FILTER, bufferKib: BUFFER },
  },
  pcap: {
    about: 'a stream of pcap or pcapng',
    needs: 'path',
    takes: {
      path: text('- or a path'),
      isLive: flag('whether whoever writes loses packets when it has to wait'),
    },
  },
  'pcap-over-ip': {
    about: 'a capture over TCP',
    needs: 'address',
    takes: { address: text('HOST:PORT, or listen:HOST:PORT') },
  },
  watch: {
    about: 'captures that another sensor writes',
    needs: 'folder',
    takes: {
      folder: text('where they are'),
      journal: text('the file that says what was read'),
      quietSeconds: seconds('a file that has not grown for so long is whole'),
      pollSeconds: seconds('how often the folder is looked through', 0.01),
      overlapSeconds: seconds('how long after its end a file is read again after a crash'),
      followLinks: flag('symbolic links are followed'),
    },
  },
  replay: {
    about: 'captures, as they were in time',
    needs: 'inputs',
    takes: {
      inputs: texts('files, folders, globs'),
      speed: {
        type: 'number',
        minimum: 0,
        maximum: 1e6,
        title: 'a number',
        description: 'times as fast as captured, 0 for as fast as can be',
      },
    },
  },
};
export const SOURCE_KINDS = Object.keys(SOURCES) as SourceConfig['kind'][];

const SOURCE: Schema = {
  type: 'object',
  title: 'a source',
  description: 'where packets come from (docs/sources.md)',
  required: ['kind'],
  properties: { kind: { enum: SOURCE_KINDS } },
};

/** The form of a source of one kind. */
export function sourceSchema(kind: SourceConfig['kind']): Schema {
  const { about, needs, takes } = SOURCES[kind];
  return object(about, { kind: { const: kind, title: kind }, ...takes }, ['kind', needs]);
}

export const SIDECAR_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'a configuration of flowlamp serve',
  ...object(
    'docs/serve.md',
    {
      source: SOURCE,
      model: text('a model folder, name@version, or a model that ships'),
      flows: object('how packets become flows, and flows rows', {
        idleTimeout: seconds('a flow without a packet for this long ends; 0 for never'),
        activeTimeout: seconds('a flow that lasts this long is cut into parts; 0 for never'),
        maxFlows: whole(1, 10_000_000, 'flows held at once'),
        keyVlan: flag('flows in different VLANs are different flows'),
        emit: texts('rows of each flow: end, prefix:N, interval:SECONDS'),
      }),
      sinks: {
        type: 'array',
        title: 'a list of sinks',
        description: 'where verdicts go (docs/sinks.md)',
        maxItems: 64,
        items: { type: 'object', title: 'a sink' },
      },
      http: object('the HTTP service (docs/http-api.md)', {
        enabled: flag('false for none'),
        host: text('default 127.0.0.1'),
        port: whole(0, 65_535, 'default 9477'),
        tokenFile: text('a file with the token that clients must show'),
        tokenEnv: text('or the environment variable that holds it'),
        certFile: text('PEM'),
        keyFile: text('PEM'),
        caFile: text('PEM: only clients with a certificate of it are let in'),
        allowedHosts: texts('names by which clients may call the service'),
      }),
      alerts: object('which rows are alerts (docs/alerts.md)', {
        quietSeconds: seconds('how long two hosts are not told of again'),
        minRisk: whole(0, 10, 'least risk'),
        perDay: {
          type: 'number',
          minimum: 0.01,
          maximum: 1e6,
          title: 'a number',
          description: 'alerts a day that are wanted',
        },
        suppress: text('a file of suppression rules'),
      }),
      feeds: object('indicators of others (docs/intelligence.md)', {
        sources: texts('files and URLs'),
        allowLists: texts('files of what is never evidence'),
        maxAgeDays: {
          type: 'number',
          minimum: 0,
          maximum: 36_500,
          title: 'a number of days',
          description: 'older indicators are left out',
        },
        refreshHours: {
          type: 'number',
          minimum: 0.01,
          maximum: 24,
          title: 'a number of hours',
          description: 'below 24',
        },
        cacheFolder: text('where the last good copies lie'),
        poolList: flag('false leaves out the list of public pools that ships'),
      }),
      logins: object('accounts of miners (docs/mining-witness.md)', {
        reveal: flag('shows them as they are'),
        saltFile: text('a key of 32 bytes that they are hashed with'),
      }),
      evidence: object(
        'packets of alerting flows (docs/evidence-packets.md)',
        {
          folder: text('its own'),
          packets: whole(1, 4_096, 'first packets of each flow'),
          bytes: whole(1_048_576, 2 ** 44, 'of all files'),
        },
        ['folder'],
      ),
      hostSeconds: seconds('how often risky hosts are told of; 0 for never'),
      driftSeconds: seconds('from one comparison with the reference to the next', 1),
      statusSeconds: seconds('how often the sidecar tells of itself; 0 for never'),
      feedback: text('a file for the words of analysts'),
      state: text('a file for what is remembered over a restart'),
      log: { enum: LOG_LEVELS },
      drainSeconds: seconds('what sinks have at the end to deliver what waits'),
    },
    ['source'],
  ),
};

/** All of it for editors: with the members of each kind of source and each type of sink. */
export function configDocument(): object {
  const { properties, ...rest } = SIDECAR_SCHEMA;
  const source = { description: SOURCE.description, oneOf: SOURCE_KINDS.map(sourceSchema) };
  const sinks = { ...properties!['sinks'], items: sinkSchema() };
  return { ...rest, properties: { ...properties, source, sinks } };
}
