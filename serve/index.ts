/**
 * `flowlamp/serve`: the sidecar of `flowlamp serve` in a program, with sinks of its own (docs/api.md).
 *
 *     import { openSidecar } from 'flowlamp/serve';
 *     const sidecar = await openSidecar({ source: { kind: 'pcap', path: '-' } }, { sinks: [mine] });
 *     await sidecar.run();
 */
import { packageVersion } from '../features/files/package-files.ts';
import type { SidecarConfig } from './config/config.ts';
import { Sidecar } from './live/sidecar.ts';
import { type Log, SILENT_LOG } from './log.ts';
import type { CustomSink } from './sinks/custom-sink.ts';

export type { SidecarConfig } from './config/config.ts';
export { readConfig } from './config/read-config.ts';
export type { Alert, AlertReason, Item, JudgedRows, SidecarRecord } from './live/items.ts';
export type { Sidecar } from './live/sidecar.ts';
export { type Log, openLog } from './log.ts';
export type { ModelFacts } from './records/row.ts';
export type { SinkConfig } from './sinks/config.ts';
export type { CustomSink } from './sinks/custom-sink.ts';
export type { SourceConfig } from './sources/config.ts';

export interface SidecarParts {
  /** Beside those of the configuration. They are drained and closed with the sidecar. */
  readonly sinks?: readonly CustomSink[];
  /** What the sidecar says of itself; one of pino is one. Default none. */
  readonly log?: Log;
}

/**
 * Opens a sidecar; `run` then reads its source to the end, or until `stop`. Without `http: false` it listens on
 * 127.0.0.1:9477 (docs/serve.md).
 *
 * @throws FlowlampError for anything of the configuration that cannot be had, OPTION_INVALID for two sinks of one name
 */
export function openSidecar(
  config: SidecarConfig,
  { sinks = [], log = SILENT_LOG }: SidecarParts = {},
): Promise<Sidecar> {
  return Sidecar.open(config, { log, version: packageVersion(), sinks });
}
