/** Answers of pools: what a request of some kind may be answered with, and work that is known by its shape alone. */
import { Act, type Dialect } from './dialects.ts';
import { Key } from './json-keys.ts';
import { JsonKind, type JsonMessage } from './json-message.ts';
import { isCryptonoteJob, isEthWork } from './requests.ts';

export const Answer = {
  /** Nothing that a pool says to it. */
  Strange: 0,
  Accepted: 1,
  Rejected: 2,
} as const;
export type Answer = (typeof Answer)[keyof typeof Answer];

/** Codes of JSON-RPC 2.0 (5.1) for what is no request, or of no known method: any server says so. */
const NOT_UNDERSTOOD_LEAST = -32700;
const NOT_UNDERSTOOD_MOST = -32600;
/** Members that a block template must have (BIP 22) and that together nothing else has: a block says `time`. */
const TEMPLATE_KEYS = [Key.bits, Key.curtime, Key.height, Key.previousblockhash];

const isYes = (m: JsonMessage, value: number) => m.kind(value) === JsonKind.True;
const isYesOrNo = (m: JsonMessage, value: number) => isYes(m, value) || m.kind(value) === JsonKind.False;

function isTemplate(m: JsonMessage, result: number): boolean {
  const isComplete = TEMPLATE_KEYS.every((key) => m.member(result, key) >= 0);
  return isComplete && m.isHex(m.member(result, Key.previousblockhash), 64, 64);
}

/** Work of getwork: 128 bytes of header and padding, and a target. */
function isWork(m: JsonMessage, result: number): boolean {
  return m.isHex(m.member(result, Key.data), 160) && m.isHex(m.member(result, Key.target), 64, 64);
}

/** The dialect whose work the answer brings, whatever it answers; null if it brings none. */
export function workDialect(m: JsonMessage): Dialect | null {
  const result = m.member(0, Key.result);
  if (isEthWork(m, result)) return 'ethproxy';
  if (m.kind(result) !== JsonKind.Object) return null;
  if (isCryptonoteJob(m, m.member(result, Key.job)) || isCryptonoteJob(m, result)) return 'cryptonote';
  if (isWork(m, result)) return 'getwork';
  return isTemplate(m, result) ? 'getblocktemplate' : null;
}

/** True for an answer: no name, but the number of a request, and perhaps a result or an error. */
export function isReply(m: JsonMessage): boolean {
  return !m.isString(m.member(0, Key.method)) && m.member(0, Key.id) >= 0;
}

/**
 * How a request of this kind is answered.
 *
 * @param mayBeSilent whether an answer without a result says yes, as in EthereumStratum/2.0.0
 */
export function answerTo(act: Act, dialect: Dialect, mayBeSilent: boolean, m: JsonMessage): Answer {
  const error = m.member(0, Key.error);
  const hasError = error >= 0 && m.kind(error) !== JsonKind.Null && m.kind(error) !== JsonKind.False;
  // A server that knows no extensions says so; only a pool refuses logins and shares.
  if (hasError) return act === Act.Settle || isMisunderstanding(m, error) ? Answer.Strange : Answer.Rejected;
  const result = m.member(0, Key.result);
  if (result < 0) return mayBeSilent ? Answer.Accepted : Answer.Strange;
  switch (act) {
    case Act.Subscribe:
      return isSubscription(m, result) ? Answer.Accepted : Answer.Strange;
    case Act.Authorise:
      return authorised(m, result);
    case Act.Submit:
      return submitted(m, result, dialect);
    case Act.Ask:
      return workDialect(m) !== null ? Answer.Accepted : Answer.Strange;
    case Act.KeepAlive:
    case Act.Settle:
      return settled(m, result);
    default:
      return Answer.Strange;
  }
}

/** An extranonce, perhaps behind the names of what was subscribed to; a session; `{proto, ...}`; or plain yes. */
function isSubscription(m: JsonMessage, result: number): boolean {
  if (isYes(m, result) || m.isHex(result, 1, 64)) return true;
  if (m.kind(result) === JsonKind.Object) return m.isString(m.member(result, Key.proto));
  return m.items(result) >= 2 && m.isString(m.item(result, 1));
}

function authorised(m: JsonMessage, result: number): Answer {
  if (m.kind(result) === JsonKind.False) return Answer.Rejected;
  const isWelcome = isYes(m, result) || m.isString(result) || isCryptonoteJob(m, m.member(result, Key.job));
  return isWelcome ? Answer.Accepted : Answer.Strange;
}

function submitted(m: JsonMessage, result: number, dialect: Dialect): Answer {
  if (isYesOrNo(m, result)) return isYes(m, result) ? Answer.Accepted : Answer.Rejected;
  // BIP 22: null if a block is accepted, else why it is not; in Stratum v1 a null beside no error is no.
  const isNull = m.kind(result) === JsonKind.Null;
  if (dialect === 'getblocktemplate')
    return isNull ? Answer.Accepted : m.isString(result) ? Answer.Rejected : Answer.Strange;
  if (isNull) return Answer.Rejected;
  return m.isString(m.member(result, Key.status)) ? Answer.Accepted : Answer.Strange;
}

function settled(m: JsonMessage, result: number): Answer {
  if (isYesOrNo(m, result)) return isYes(m, result) ? Answer.Accepted : Answer.Rejected;
  const isSaid = m.kind(result) === JsonKind.Object || m.isString(result);
  return isSaid ? Answer.Accepted : Answer.Strange;
}

/** Of `[code, ...]` and `{code, ...}`. */
function isMisunderstanding(m: JsonMessage, error: number): boolean {
  const code = m.number(m.kind(error) === JsonKind.Array ? m.item(error, 0) : m.member(error, Key.code));
  return code >= NOT_UNDERSTOOD_LEAST && code <= NOT_UNDERSTOOD_MOST;
}
