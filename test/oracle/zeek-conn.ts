/** Zeek's recorded connections: a `conn.log` of a test of its own. Times of day are blotted out in them, durations are not. */
import { readFileSync } from 'node:fs';
import { canonicalIp, type Pair } from '../features/flow/oracle/conversation.ts';
import { sharedPath } from '../support/shared-data.ts';

export const ZEEK_FOLDER = 'oracle/zeek';

export interface ZeekConnection {
  readonly protocol: number;
  readonly from: string;
  readonly fromPort: number;
  readonly to: string;
  readonly toPort: number;
  readonly packets: Pair;
  readonly ipBytes: Pair;
  /** Payload by sequence numbers, in which gaps count and copies do not; null where Zeek says nothing. */
  readonly payloadBytes: Pair | null;
  /** From the first to the last packet, microseconds; null for a single packet. */
  readonly durationUs: number | null;
  /** How the connection ended (`SF`, `S0`, `OTH`, ...), and what Zeek saw of it, letter by letter. */
  readonly state: string;
  readonly history: string;
  readonly service: string;
}

export const SCTP = 132;
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

export function zeekConnections(log: string): ZeekConnection[] {
  const lines = readFileSync(sharedPath(`${ZEEK_FOLDER}/Baseline/${log}`), 'utf8').split('\n');
  const names =
    lines
      .find((line) => line.startsWith('#fields'))
      ?.split('\t')
      .slice(1) ?? [];
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .map((cells) => connectionOf((name) => cells[names.indexOf(name)] ?? '-'));
}

function connectionOf(cell: (name: string) => string): ZeekConnection {
  const from = canonicalIp(cell('id.orig_h'));
  const number = (name: string) => (cell(name) === '-' ? 0 : Number(cell(name)));
  const pair = (name: string): Pair => [number(`orig_${name}`), number(`resp_${name}`)];
  return {
    protocol: protocolOf(cell('proto'), cell('ip_proto'), from),
    from,
    fromPort: Number(cell('id.orig_p')),
    to: canonicalIp(cell('id.resp_h')),
    toPort: Number(cell('id.resp_p')),
    packets: pair('pkts'),
    ipBytes: pair('ip_bytes'),
    payloadBytes: cell('orig_bytes') === '-' ? null : pair('bytes'),
    durationUs: cell('duration') === '-' ? null : Math.round(Number(cell('duration')) * 1e6),
    state: cell('conn_state'),
    history: cell('history'),
    service: cell('service'),
  };
}

/** 0 for protocols that Zeek does not know, but SCTP: it has the number beside the name. */
function protocolOf(name: string, number: string, address: string): number {
  if (name === 'icmp') return address.includes(':') ? 58 : 1;
  return PROTOCOLS[name] ?? (Number(number) === SCTP ? SCTP : 0);
}
