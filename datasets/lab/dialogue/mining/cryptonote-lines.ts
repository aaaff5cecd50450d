/**
 * The lines of the CryptoNote pool protocol as its two best-known clients write them: members in their order, because order and
 * names are the lengths. XMRig with a 36-character session id: submit about 248 bytes, acknowledgement 64, keepalive 103.
 * xmr-stak on a pool with 15-digit ids, as recorded: submit 183, acknowledgement 63, job 253, login reply 303.
 */
import type { Prng } from '../../../../core/prng.ts';
import { letters } from '../message.ts';
import type { Verdict } from './timeline.ts';

export interface PoolLines {
  readonly sessionIdLength: number;
  readonly jobIdLength: number;
  /** Jobs name the algorithm, and XMRig repeats it in submissions. */
  readonly algo: string;
  /** Pools since RandomX name height and seed hash in a job. */
  readonly seeded: boolean;
  readonly keepalive: boolean;
}

export interface Login {
  readonly user: string;
  readonly pass: string;
  readonly agent: string;
  readonly rigId: string;
  /** XMRig lists what it can mine. */
  readonly algorithms: readonly string[];
}

export interface Submission {
  readonly id: number;
  readonly session: string;
  readonly jobId: string;
  readonly nonce: string;
  readonly result: string;
}

/** How a mining program writes. */
export interface ClientLines {
  login(login: Login): string;
  submit(submission: Submission, pool: PoolLines): string;
  /** Null: it has no such line. */
  keepalived: ((id: number, session: string) => string) | null;
  /** Message ids count up, or every submission has the same. */
  readonly countsIds: boolean;
}

export const XMRIG: ClientLines = {
  login: ({ user, pass, agent, rigId, algorithms }) =>
    `{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"${user}","pass":"${pass}","agent":"${agent}"${rigId && `,"rigid":"${rigId}"`},"algo":${JSON.stringify(algorithms)}}}\n`,
  submit: ({ id, session, jobId, nonce, result }, { algo }) =>
    `{"id":${id},"jsonrpc":"2.0","method":"submit","params":{"id":"${session}","job_id":"${jobId}","nonce":"${nonce}","result":"${result}"${algo && `,"algo":"${algo}"`}}}\n`,
  keepalived: (id, session) => `{"id":${id},"jsonrpc":"2.0","method":"keepalived","params":{"id":"${session}"}}\n`,
  countsIds: true,
};

export const XMR_STAK: ClientLines = {
  login: ({ user, pass, agent, rigId }) =>
    `{"method":"login","params":{"login":"${user}","pass":"${pass}","rigid":"${rigId}","agent":"${agent}"},"id":1}\n`,
  submit: ({ id, session, jobId, nonce, result }) =>
    `{"method":"submit","params":{"id":"${session}","job_id":"${jobId}","nonce":"${nonce}","result":"${result}"},"id":${id}}\n`,
  keepalived: null,
  countsIds: false,
};

/** The job object: hashing blob, id, compact target. */
export function jobObject(prng: Prng, pool: PoolLines, jobId: string): string {
  // A hashing blob is 76 bytes, or one more when the transaction count needs a second varint byte: 152 or 154 digits.
  const blob = prng.hex(prng.chance(0.3) ? 154 : 152);
  const named = pool.algo && `,"algo":"${pool.algo}"`;
  const seeded = pool.seeded ? `,"height":${prng.integer(3_100_000, 3_199_999)},"seed_hash":"${prng.hex(64)}"` : '';
  return `{"blob":"${blob}","job_id":"${jobId}","target":"${prng.hex(8)}"${named}${seeded}}`;
}

export function welcomeLine(prng: Prng, pool: PoolLines, session: string, jobId: string): string {
  const names = [...(pool.algo ? ['"algo"'] : []), ...(pool.keepalive ? ['"keepalive"'] : [])];
  const extensions = names.length > 0 ? `"extensions":[${names.join(',')}],` : '';
  return `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"${session}","job":${jobObject(prng, pool, jobId)},${extensions}"status":"OK"}}\n`;
}

export const jobLine = (prng: Prng, pool: PoolLines, jobId: string) =>
  `{"jsonrpc":"2.0","method":"job","params":${jobObject(prng, pool, jobId)}}\n`;

/** Refusals as the common pool programs word them. */
const REFUSALS: Readonly<Record<Exclude<Verdict, 'accepted'>, string>> = {
  stale: 'Block expired',
  low: 'Low difficulty share',
  duplicate: 'Duplicate share',
};

export function verdictLine(id: number, verdict: Verdict): string {
  const outcome =
    verdict === 'accepted'
      ? '"error":null,"result":{"status":"OK"}'
      : `"error":{"code":-1,"message":"${REFUSALS[verdict]}"}`;
  return `{"id":${id},"jsonrpc":"2.0",${outcome}}\n`;
}

export const keptAliveLine = (id: number) =>
  `{"id":${id},"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}\n`;

/** Session and job ids: 36 characters are a UUID, other lengths are digits or letters. */
export function drawId(prng: Prng, length: number): string {
  if (length === 15) return Array.from({ length }, () => prng.below(10)).join('');
  return letters(prng, length);
}
