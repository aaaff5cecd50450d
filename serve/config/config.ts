/** What the sidecar is told: from a file of YAML or JSON, and from flags, which say the same (schema.ts, read-config.ts). */
import type { HttpSecretPlaces, TlsConfig } from '../http/config.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { LogLevel } from '../log.ts';
import type { SinkConfig } from '../sinks/config.ts';
import type { SourceConfig } from '../sources/config.ts';

export interface FlowsConfig {
  /** Seconds; 0 for never. 120, 1800. */
  readonly idleTimeout?: number;
  readonly activeTimeout?: number;
  /** 200,000: a sidecar shares its machine. */
  readonly maxFlows?: number;
  readonly keyVlan?: boolean;
  /** As `--emit`; `end`, `prefix:5`, `prefix:20`, `prefix:60` and `interval:60`. */
  readonly emit?: readonly string[];
}

export interface AlertsConfig {
  /** How long two hosts are not told of again, seconds. 3,600. */
  readonly quietSeconds?: number;
  /** Least risk, 0 to 10. 0. */
  readonly minRisk?: number;
  /** Alerts a day that are wanted: raises the threshold, and never lowers it. */
  readonly perDay?: number;
  /** A file of suppression rules (docs/alerts.md). */
  readonly suppress?: string;
}

export interface FeedsConfig {
  readonly sources?: readonly string[];
  readonly allowLists?: readonly string[];
  readonly maxAgeDays?: number;
  readonly refreshHours?: number;
  readonly cacheFolder?: string;
  /** False leaves out the list of public pools that ships. */
  readonly poolList?: boolean;
}

export interface HttpSettings extends HttpSecretPlaces {
  readonly host?: string;
  readonly port?: number;
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  readonly tls?: TlsConfig;
}

export interface EvidenceConfig {
  /** Its own. */
  readonly folder: string;
  /** First packets of each flow that are kept. 64. */
  readonly packets?: number;
  /** Bytes of all files. 1 GiB. */
  readonly bytes?: number;
}

export interface SidecarConfig {
  readonly source: SourceConfig;
  /** As `-m`; `mining`. */
  readonly model?: string;
  readonly flows?: FlowsConfig;
  /** JSON lines of alerts and records to standard output without any. */
  readonly sinks?: readonly SinkConfig[];
  /** False for no service; 127.0.0.1:9477. */
  readonly http?: HttpSettings | false;
  readonly alerts?: AlertsConfig;
  readonly feeds?: FeedsConfig;
  readonly logins?: { readonly reveal?: boolean; readonly saltFile?: string };
  readonly evidence?: EvidenceConfig;
  /** Records of hosts: how often, seconds of packet time; 0 for none. 3,600. */
  readonly hostSeconds?: number;
  /** Packet time from one comparison with the reference to the next, seconds. 3,600. */
  readonly driftSeconds?: number;
  /** Records of what the sidecar itself is doing: how often, seconds; 0 for none. 60. */
  readonly statusSeconds?: number;
  /** Where feedback of analysts is kept; nowhere without it. */
  readonly feedback?: string;
  /** A file for what is remembered over a restart: the alert budget, the reference of scores. */
  readonly state?: string;
  readonly log?: LogLevel;
  /** What sinks have at the end to deliver what waits, seconds. 10. */
  readonly drainSeconds?: number;
}
