/**
 * What a sink is configured with: plain objects, as they come from a file of YAML or JSON. What each option means, its bounds
 * and what it is without being said stand in options.ts, from which these objects are checked.
 */
import type { ItemKind } from '../live/items.ts';
import type { FullPolicy } from './policy.ts';
import type { Framing } from './syslog.ts';

/** Of every sink. */
export interface CommonConfig {
  /** Unique among the sinks; a label of metrics. The type, and a number where there are several. */
  readonly name?: string;
  /** What it is given; each type says what it can take. */
  readonly kinds?: readonly ItemKind[];
  /** What happens when its queue is full. `drop-oldest`; `spill` needs `spillFolder`; `block` only where the source can wait. */
  readonly policy?: FullPolicy;
  /** Items that may wait in memory. 10,000. */
  readonly queueItems?: number;
  /** Bytes that they may hold, roughly. 64 MiB. */
  readonly queueBytes?: number;
  /** A folder of its own for what is spilled. */
  readonly spillFolder?: string;
  /** Bytes that may lie there. 256 MiB. */
  readonly spillBytes?: number;
  /** An attempt to deliver that takes longer is given up and tried again. 10. */
  readonly timeoutSeconds?: number;
}

/** Of files of lines. */
export interface RotationConfig {
  /** The file is rotated before it gets larger; 0 for never. 256 MiB. */
  readonly rotateBytes?: number;
  /** It is rotated when it is so old; 0 for never. 0. */
  readonly rotateSeconds?: number;
  /** Rotated files that are kept; 0 for all. 10. */
  readonly keep?: number;
  /** Rotated files are compressed. false. */
  readonly gzip?: boolean;
}

/** Lines of JSON. Of kinds `rows` (unless others are named), `alert` and `record`. */
export interface JsonlConfig extends CommonConfig, RotationConfig {
  readonly type: 'jsonl';
  /** The file; `-` for standard output. */
  readonly path: string;
  /** Columns of rows and alerts, in this order; all. */
  readonly columns?: readonly string[];
}

/** EVE JSON of Suricata: `flow` records of rows, `alert` records of alerts; both unless one is named. */
export interface EveConfig extends CommonConfig, RotationConfig {
  readonly type: 'eve';
  /** The file; `-` for standard output. Either this or `socket`. */
  readonly path?: string;
  /** A unix stream socket that somebody listens on (Suricata's `filetype: unix_stream`). */
  readonly socket?: string;
}

/** Signed requests over HTTP. Of kinds `alert` (unless others are named) and `record`. */
export interface WebhookConfig extends CommonConfig {
  readonly type: 'webhook';
  /** http or https; is not shown anywhere. */
  readonly url: string;
  /** Where the secret is that requests are signed with: exactly one of the two. */
  readonly secretFile?: string;
  readonly secretEnv?: string;
  /** Columns of alerts; all. */
  readonly columns?: readonly string[];
  /** Items of a request at most. 50. */
  readonly batchItems?: number;
  /** How long an item waits for others to go along. 1. */
  readonly batchSeconds?: number;
}

/** RFC 5424. Of kinds `alert` (unless others are named) and `record`. */
export interface SyslogConfig extends CommonConfig {
  readonly type: 'syslog';
  /** `udp://HOST:PORT`, `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:/PATH` (a stream socket). */
  readonly address: string;
  /** By name; `local0`. */
  readonly facility?: string;
  /** HOSTNAME; the machine's. */
  readonly hostName?: string;
  /** Over streams: before each message its length (`octet-counting`, unless said), or behind each a line end (`newline`). */
  readonly framing?: Framing;
  /** Of a message. 2,048. */
  readonly maxBytes?: number;
  /** Of TLS: authorities in PEM in the place of the system's, and what this side shows of itself. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name in the server's certificate, where it is not HOST. */
  readonly serverName?: string;
}

/** Files of rows by hour. Of one kind, `rows` or `alert`; `rows` unless said. */
export interface TablesConfig extends CommonConfig {
  readonly type: 'arrow' | 'parquet';
  /** Its own. */
  readonly folder: string;
  /** Files are called `PREFIX-20260203T040000Z.arrow`. `verdicts`. */
  readonly prefix?: string;
  /** Columns, in this order; all. */
  readonly columns?: readonly string[];
  /** `none` or `zstd`. `none` is Snappy in Parquet. */
  readonly compress?: 'none' | 'zstd';
  /** What a file spans. 3,600. */
  readonly fileSeconds?: number;
  /** How long rows wait for others, so that record batches are not small. 1. */
  readonly batchSeconds?: number;
}

export type SinkConfig = JsonlConfig | EveConfig | WebhookConfig | SyslogConfig | TablesConfig;
export type SinkType = SinkConfig['type'];
