/** Sinks of their configurations. */

import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Table } from '../../core/table.ts';
import type { Item, ItemKind } from '../live/items.ts';
import type { BackOffTimes } from './back-off.ts';
import { checkSinkConfig, invalid, ofSink } from './check-config.ts';
import { checkColumns } from './columns.ts';
import type {
  EveConfig,
  JsonlConfig,
  RotationConfig,
  SinkConfig,
  SinkType,
  TablesConfig,
  WebhookConfig,
} from './config.ts';
import { DeliveringSink, type DeliveryOptions, type OpenSink } from './delivering-sink.ts';
import type { Destination } from './destination.ts';
import { unwritable } from './folder-lock.ts';
import { HourFiles } from './hour-files.ts';
import { SINK_LIMITS } from './limits.ts';
import { LineDestination } from './line-destination.ts';
import { type Lines, LogFile, type OpenLineFile } from './log-file.ts';
import { PipeLines } from './pipe-lines.ts';
import { FullPolicy } from './policy.ts';
import type { QueueOptions } from './queue.ts';
import { readSecret } from './secret.ts';
import { SpillStore } from './spill-store.ts';
import { SyslogDestination } from './syslog.ts';
import { openCarrier, unixConnection } from './syslog-carrier.ts';
import { TableDestination } from './table-destination.ts';
import { eveLines, itemLines } from './text-lines.ts';
import { WebhookDestination } from './webhook.ts';

/** What sinks find around them. */
export interface SinkContext {
  /** True where packets come whether or not somebody has time for them: policy `block` is refused then. */
  readonly sourceIsLive: boolean;
  /** Sinks that are there already, whose names others cannot have. */
  readonly taken?: readonly { readonly name: string }[];
  /** Where secretEnv is looked up; the process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** For tests. */
  readonly backOff?: BackOffTimes;
  readonly openFile?: OpenLineFile;
}

const KINDS: Readonly<Record<SinkType, readonly ItemKind[]>> = {
  jsonl: ['rows'],
  eve: ['rows', 'alert'],
  webhook: ['alert'],
  syslog: ['alert'],
  arrow: ['rows'],
  parquet: ['rows'],
};

const WEBHOOK_ITEMS = 50;
const BATCH_SECONDS = 1;
const FILE_SECONDS = 3600;

/**
 * Opens sinks, all or none. Those that have no name get one of their type.
 *
 * @throws FlowlampError OPTION_INVALID, OUTPUT_UNWRITABLE, KEY_INVALID, COLUMN_UNKNOWN, UNSUPPORTED
 */
export async function openSinks(configs: readonly SinkConfig[], context: SinkContext): Promise<OpenSink[]> {
  const { taken = [] } = context;
  const names = namesOf([...taken, ...configs]).slice(taken.length);
  const sinks: OpenSink[] = [];
  try {
    for (const [i, config] of configs.entries()) sinks.push(await openSink({ ...config, name: names[i]! }, context));
    return sinks;
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    // Those before it were opened.
    const i = sinks.length;
    throw ofSink(`sink ${i + 1} of ${configs.length} (${names[i]})`, error);
  }
}

function namesOf(configs: readonly { readonly name?: string; readonly type?: string }[]): string[] {
  const taken = new Set<string>();
  for (const { name } of configs) {
    if (name === undefined) continue;
    if (taken.has(name)) throw invalid(`two sinks are called ${name}`, 'a name for each', 'call one of them otherwise');
    taken.add(name);
  }
  return configs.map(({ name, type }) => {
    if (name !== undefined) return name;
    let free = type ?? '';
    for (let n = 2; taken.has(free); n++) free = `${type}-${n}`;
    taken.add(free);
    return free;
  });
}

/** Opens one sink. @throws as `openSinks` */
export async function openSink(given: SinkConfig, context: SinkContext): Promise<OpenSink> {
  const config = checkSinkConfig(given);
  if (config.policy === FullPolicy.Block && context.sourceIsLive) {
    throw invalid(
      'a sink of policy block cannot be had with packets that do not wait',
      'policy drop-oldest or spill, or a file as the source',
      'choose another policy',
    );
  }
  switch (config.type) {
    case 'jsonl':
      return deliver(config, context, await jsonl(config, context));
    case 'eve':
      return deliver(config, context, await eve(config, context));
    case 'webhook':
      return deliver(config, context, webhook(config, context), webhookBatch(config));
    case 'syslog':
      return deliver(config, context, new SyslogDestination(syslogOptions(config), openCarrier(config)));
    case 'arrow':
    case 'parquet':
      return deliver(config, context, await tables(config), lingering(config.batchSeconds));
  }
}

async function jsonl(config: JsonlConfig, context: SinkContext): Promise<Destination<Uint8Array>> {
  const columns = columnsOf(config);
  const lines = await linesTo(config.path, config, context);
  return new LineDestination('jsonl/1', (item) => itemLines(item, columns), lines);
}

async function eve(config: EveConfig, context: SinkContext): Promise<Destination<Uint8Array>> {
  const { path, socket } = config;
  const lines = socket === undefined ? await linesTo(path!, config, context) : unixConnection(socket);
  const encode = async (item: Item) => (item.kind === 'record' ? null : eveLines(item));
  return new LineDestination('eve/1', encode, lines);
}

/** A file, or what is there in the place of one. @throws FlowlampError OUTPUT_UNWRITABLE */
async function linesTo(path: string, rotation: RotationConfig, { openFile }: SinkContext): Promise<Lines> {
  if (path === '-' || path === '/dev/stdout') return new PipeLines(null);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status !== undefined && !status.isFile() && !status.isDirectory()) return new PipeLines(path);
  const file = new LogFile(path, {
    rotateBytes: rotation.rotateBytes ?? SINK_LIMITS.rotateBytes,
    rotateMs: (rotation.rotateSeconds ?? 0) * 1000,
    keep: rotation.keep ?? SINK_LIMITS.keepFiles,
    gzip: rotation.gzip ?? false,
    ...(openFile !== undefined && { openFile }),
  });
  try {
    await file.open();
  } catch (error) {
    // A disk that is full now may not be later; a path that is wrong stays so.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw unwritable(path, error);
  }
  return file;
}

function webhook(config: WebhookConfig, { env }: SinkContext): Destination<Uint8Array> {
  return new WebhookDestination(config.url, readSecret(config, env), columnsOf(config));
}

type Batching = Pick<DeliveryOptions, 'batch' | 'lingerMs'>;

function webhookBatch(config: WebhookConfig): Batching {
  const batch = { items: config.batchItems ?? WEBHOOK_ITEMS, bytes: SINK_LIMITS.batchBytes };
  return { batch, ...lingering(config.batchSeconds) };
}

function lingering(seconds: number = BATCH_SECONDS): Batching {
  return { lingerMs: seconds * 1000 };
}

function syslogOptions(config: Extract<SinkConfig, { type: 'syslog' }>) {
  return {
    facility: config.facility ?? 'local0',
    hostName: config.hostName ?? hostname(),
    processId: process.pid,
    maxBytes: config.maxBytes ?? SINK_LIMITS.syslogBytes,
  };
}

async function tables(config: TablesConfig): Promise<Destination<Table>> {
  const columns = columnsOf(config);
  const files = await HourFiles.open({
    format: config.type,
    folder: config.folder,
    prefix: config.prefix ?? 'verdicts',
    compression: config.compress ?? 'none',
    periodMs: (config.fileSeconds ?? FILE_SECONDS) * 1000,
  });
  return new TableDestination(files, columns);
}

function columnsOf({ columns }: { readonly columns?: readonly string[] }): readonly string[] | null {
  checkColumns(columns ?? null);
  return columns ?? null;
}

/** @throws FlowlampError where its spill folder cannot be had; the destination is closed then */
async function deliver<P>(
  config: SinkConfig,
  context: SinkContext,
  destination: Destination<P>,
  batching: Batching = {},
): Promise<OpenSink> {
  const kinds = new Set<ItemKind>(config.kinds ?? KINDS[config.type]);
  try {
    return new DeliveringSink(destination, {
      name: config.name ?? config.type,
      wants: ({ kind }) => kinds.has(kind),
      queue: await queueOf(config, context, destination),
      timeoutMs: (config.timeoutSeconds ?? SINK_LIMITS.timeoutSeconds) * 1000,
      ...(context.backOff !== undefined && { backOff: context.backOff }),
      ...batching,
    });
  } catch (error) {
    await destination.close();
    throw error;
  }
}

async function queueOf<P>(
  config: SinkConfig,
  { backOff }: SinkContext,
  destination: Destination<P>,
): Promise<QueueOptions> {
  const policy = config.policy ?? FullPolicy.DropOldest;
  const { spillFolder, spillBytes } = config;
  return {
    policy,
    maxItems: config.queueItems ?? SINK_LIMITS.queueItems,
    maxBytes: config.queueBytes ?? SINK_LIMITS.queueBytes,
    spill: policy === FullPolicy.Spill ? await SpillStore.open(spillFolder!, destination.form.tag, spillBytes) : null,
    ...(backOff !== undefined && { backOff }),
  };
}
