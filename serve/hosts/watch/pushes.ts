/** Pushes of a flow: what the server sends without being asked, among the messages that a row holds. */
import { LIMITS } from '../../../core/limits.ts';
import type { Row } from '../../records/row.ts';
import type { SeenFlow } from '../seen-flow.ts';

/** As in the column `bwd_unasked_share`: after so long a pause, with no word of the client between, nobody had asked. */
const UNASKED_US = 500_000;
/** A job, sealed or not, is larger than an acknowledgement and fits one packet or two. */
const JOB_BYTES = { least: 60, most: 2_000 } as const;
/** Pushes of about one size: most of them so near to their median. */
const NEAR = 0.25;
/** A share and a log-in are smaller than this; who uploads mines not. */
const REQUEST_BYTES = 800;
/** Fewer say nothing about moments that are shared. */
export const MIN_PUSHES = 3;

export interface PushSeries {
  readonly client: string;
  readonly server: string;
  readonly port: number | null;
  /** When messages were seen that the row holds, microseconds since 1970. */
  readonly fromUs: number;
  readonly toUs: number;
  /** Microseconds since 1970, ascending, and payload in bytes. */
  readonly timesUs: readonly number[];
  readonly sizes: readonly number[];
  /** Of all messages, to know the same flow where it was captured twice. */
  readonly shape: string;
  /** Sizes are those of jobs and of shares, as far as sizes can tell. */
  readonly isJobLike: boolean;
  /** The model takes the flow for mining rather than not. */
  readonly leansToMining: boolean;
}

/** The pushes of a part of a flow; null where there are fewer than three, or the table holds no messages. */
export function pushesOf(row: Row, flow: SeenFlow): PushSeries | null {
  // The extractor writes no more, a table of others may.
  const sizes = row.numbers('payload_sizes')?.subarray(0, LIMITS.sequence);
  const times = row.numbers('payload_times_us')?.subarray(0, LIMITS.sequence);
  if (sizes === undefined || times === undefined || sizes.length !== times.length) return null;
  const at: number[] = [];
  for (let i = 1; i < sizes.length; i++) {
    if (sizes[i]! < 0 && sizes[i - 1]! < 0 && times[i]! - times[i - 1]! > UNASKED_US) at.push(i);
  }
  if (at.length < MIN_PUSHES) return null;
  const beganUs = Number(flow.firstSeen / 1_000n);
  const pushed = at.map((i) => -sizes[i]!);
  const { client, server, port } = flow;
  return {
    client,
    server,
    port,
    fromUs: beganUs + times[0]!,
    toUs: beganUs + times[times.length - 1]!,
    timesUs: at.map((i) => beganUs + times[i]!),
    sizes: pushed,
    shape: sizes.join(),
    isJobLike: isJobLike(pushed, sizes.slice(at[0])),
    leansToMining: leans(flow),
  };
}

/** @param later all messages from the first push on; those before may be handshakes */
function isJobLike(pushed: readonly number[], later: ArrayLike<number>): boolean {
  const median = [...pushed].sort((a, b) => a - b)[pushed.length >> 1]!;
  const near = pushed.filter((size) => Math.abs(size - median) <= NEAR * median).length;
  if (median < JOB_BYTES.least || median > JOB_BYTES.most || near * 2 < pushed.length) return false;
  for (let i = 0; i < later.length; i++) if (later[i]! > REQUEST_BYTES) return false;
  return true;
}

function leans({ evidence, isPositive }: SeenFlow): boolean {
  return isPositive || evidence.some(({ source, weight }) => source === 'behaviour' && weight > 0);
}
