/**
 * Our rows beside Arkime's sessions, one conversation (5-tuple; for ICMP both hosts) at a time. Arkime cuts conversations
 * by timeouts of its own and gives the segments after a FIN or RST a session of their own, so sums over a conversation are
 * compared; ours has its timeouts off.
 */
import {
  add,
  byKey,
  conversations,
  keyOf,
  NO_TIMEOUTS,
  type Ours,
  type Pair,
  sameDirection,
  turned,
} from '../features/flow/oracle/conversation.ts';
import { distinctBytes, type LedgerPacket, ledgerOf } from '../features/flow/oracle/ledger.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import { UNMATCHED, WHOLE } from './arkime-reasons.ts';
import { type ArkimeSession, arkimeNames, arkimeSessions, capturePath } from './arkime-sessions.ts';

/** IP protocols that we count as flows. */
const COUNTED = new Set([1, 6, 17, 58, 132]);
const ICMP = new Set([1, 58]);
const ICMP_HEADER = 8;
const FLAGS = ['fin', 'rst', 'psh', 'urg'] as const;

const STREAM = 'sent twice';
const NO_SYN = 'no SYN';

export function compareArkime(): Tally {
  const tally = new Tally();
  for (const name of arkimeNames()) compareCapture(name, tally);
  return tally;
}

function compareCapture(name: string, tally: Tally): void {
  const told = byKey(arkimeSessions(name).filter(({ protocol }) => COUNTED.has(protocol)));
  const ours = byKey(conversations(capturePath(name), NO_TIMEOUTS).ours);
  const ledger = ledgerOf(capturePath(name));
  for (const [key, sessions] of told) {
    const rows = ours.get(key) ?? [];
    const where = `${name}: ${key}`;
    tally.compare(
      where,
      'conversations found',
      'found',
      rows.length > 0 ? 'found' : 'not found',
      () => UNMATCHED[where] ?? null,
    );
    if (rows.length > 0) compareConversation(where, sessions, rows, ledger.get(key) ?? [], tally);
  }
}

function compareConversation(
  where: string,
  sessions: readonly ArkimeSession[],
  rows: readonly Ours[],
  packets: readonly LedgerPacket[],
  tally: Tally,
): void {
  const [session] = sessions as [ArkimeSession];
  const toldSum = (field: (of: ArkimeSession) => Pair) =>
    add(sessions.map((each) => turned(field(each), sameDirection(each, session))));
  const ourSum = (field: (of: Ours) => Pair) =>
    add(rows.map((each) => turned(field(each), sameDirection(each, session))));
  const whole = () => WHOLE[where] ?? null;

  const count = toldSum(({ packets }) => packets);
  tally.compare(
    where,
    'packets each way',
    count,
    ourSum(({ packets }) => packets),
    whole,
  );
  const header = ICMP.has(session.protocol) ? ICMP_HEADER : 0;
  const payload = ourSum(({ payloadBytes, packets }) => [
    payloadBytes[0] + header * packets[0],
    payloadBytes[1] + header * packets[1],
  ]);
  const toldPayload = toldSum(({ payloadBytes }) => payloadBytes);
  tally.compare(
    where,
    'payload bytes each way',
    toldPayload,
    payload,
    () => whole() ?? explainPayload(session, toldPayload, packets),
  );
  const frames = ([true, false] as const).map((isSame) =>
    packets
      .filter((packet) => sameDirection(packet, session) === isSame)
      .reduce((sum, { frameBytes }) => sum + frameBytes, 0),
  );
  tally.compare(
    where,
    'frame bytes each way',
    toldSum(({ frameBytes }) => frameBytes),
    frames,
    whole,
  );
  if (session.flags !== null) tally.compare(where, 'TCP flags', toldFlags(sessions), ourFlags(rows), whole);
  const toldTimes = [
    Math.min(...sessions.map(({ firstUs }) => firstUs)),
    Math.max(...sessions.map(({ lastUs }) => lastUs)),
  ];
  const times = [Math.min(...rows.map(({ firstUs }) => firstUs)), Math.max(...rows.map(({ lastUs }) => lastUs))];
  const milliseconds = (us: number) => Math.floor(us / 1000);
  tally.compare(where, 'first and last packet, ms', toldTimes.map(milliseconds), times.map(milliseconds), whole);
  tally.compare(
    where,
    'initiator',
    session.from,
    sameDirection(rows[0]!, session) ? session.from : session.to,
    () => whole() ?? explainDirection(session, packets),
  );
}

/** Arkime's TCP payload, worked out from the packets the way Arkime reads streams. */
function explainPayload(session: ArkimeSession, told: Pair, packets: readonly LedgerPacket[]): string | null {
  if (session.protocol !== 6) return null;
  const distinct = [true, false].map((isSame) =>
    distinctBytes(packets.filter((packet) => sameDirection(packet, session) === isSame)),
  );
  if (String(distinct) === String(told)) return STREAM;
  const hasSyn = packets.some(({ tcpFlags }) => (tcpFlags & 2) !== 0);
  return !hasSyn && told[0] + told[1] === 0 ? NO_SYN : null;
}

function explainDirection(session: ArkimeSession, packets: readonly LedgerPacket[]): string | null {
  const first = packets[0];
  if (first === undefined || packets.some(({ tcpFlags }) => (tcpFlags & 2) !== 0)) return null;
  const isFirstSender = sameDirection(first, session);
  const byPort = session.fromPort < 1024 && session.toPort >= 1024;
  return isFirstSender && byPort ? 'first sender' : null;
}

/** SYN and SYN-ACK, FIN, RST, PSH, URG: packets of both sides. */
function toldFlags(sessions: readonly ArkimeSession[]): number[] {
  const sum = (flag: string) => sessions.reduce((all, { flags }) => all + (flags?.[flag] ?? 0), 0);
  return [sum('syn') + sum('syn-ack'), ...FLAGS.map(sum)];
}

function ourFlags(rows: readonly Ours[]): number[] {
  const sum = (flag: string) =>
    rows.reduce((all, { row }) => all + Number(row[`fwd_${flag}_packets`]) + Number(row[`bwd_${flag}_packets`]), 0);
  return ['syn', ...FLAGS].map(sum);
}

/** Conversations of ours that Arkime has no session for. */
export function extraConversations(name: string): string[] {
  const told = new Set(arkimeSessions(name).map(keyOf));
  return [...byKey(conversations(capturePath(name), NO_TIMEOUTS).ours).keys()]
    .filter((key) => !told.has(key))
    .map((key) => `${name}: ${key}`);
}
