/**
 * Our rows beside Zeek's connections, one conversation (5-tuple; for ICMP both hosts) at a time. Zeek gives up waiting for
 * the rest of a half-open connection by timers of its own; ours has its timeouts off, and sums over a conversation are
 * compared.
 */
import {
  add,
  byKey,
  canonicalIp,
  conversations,
  NO_TIMEOUTS,
  type Ours,
  type Pair,
  sameDirection,
  turned,
} from '../features/flow/oracle/conversation.ts';
import { type LedgerPacket, ledgerOf } from '../features/flow/oracle/ledger.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import { sharedPath } from '../support/shared-data.ts';
import { SCTP, ZEEK_FOLDER, type ZeekConnection, zeekConnections } from './zeek-conn.ts';
import { NOT_FLOWS, UNMATCHED_IN, WHOLE } from './zeek-reasons.ts';
import { ZEEK_TRACES } from './zeek-traces.ts';

const CLOSED_TCP = 'last acknowledgement';
const TUNNEL = 'tunnel';
const FIN = 1;
const SYN = 2;
const RST = 4;

export function compareZeek(): Tally {
  const tally = new Tally();
  for (const [log, trace] of Object.entries(ZEEK_TRACES)) compareLog(log, trace, tally);
  return tally;
}

function compareLog(log: string, trace: string, tally: Tally): void {
  const path = sharedPath(`${ZEEK_FOLDER}/Traces/${trace}`);
  const { ours } = conversations(path, NO_TIMEOUTS);
  const rows = byKey(ours.map(withoutSctpPorts));
  const ledger = ledgerOf(path);
  const told = zeekConnections(log).filter(({ protocol }) => !NOT_FLOWS.has(protocol));
  for (const [key, connections] of byKey(told)) {
    const where = `${log}: ${key}`;
    const mine = rows.get(key) ?? [];
    tally.compare(where, 'conversations found', 'found', mine.length > 0 ? 'found' : 'not found', () =>
      ours.some((row) => isInside(row, connections[0]!)) ? TUNNEL : (UNMATCHED_IN[log] ?? null),
    );
    if (mine.length > 0) compareConversation(where, connections, mine, ledger.get(key) ?? [], tally);
  }
}

/** Zeek does not read the ports of SCTP. */
function withoutSctpPorts(row: Ours): Ours {
  return row.protocol === SCTP ? { ...row, fromPort: 0, toPort: 0 } : row;
}

/** Whether the row's outer addresses are the connection's. */
function isInside({ row }: Ours, connection: ZeekConnection): boolean {
  if (row['tunnel'] === null) return false;
  const outer = [row['outer_src_ip'], row['outer_dst_ip']].map((ip) => canonicalIp(String(ip)));
  return String(outer.sort()) === String([connection.from, connection.to].sort());
}

function compareConversation(
  where: string,
  connections: readonly ZeekConnection[],
  rows: readonly Ours[],
  packets: readonly LedgerPacket[],
  tally: Tally,
): void {
  const [first] = connections as [ZeekConnection];
  const sum = <T extends ZeekConnection | Ours>(all: readonly T[], field: (of: T) => Pair) =>
    add(all.map((each) => turned(field(each), sameDirection(each, first))));
  const whole = () => WHOLE[where] ?? null;
  tally.compare(
    where,
    'packets each way',
    sum(connections, (of) => of.packets),
    sum(rows, (of) => of.packets),
    whole,
  );
  tally.compare(
    where,
    'IP bytes each way',
    sum(connections, (of) => of.ipBytes),
    sum(rows, (of) => of.ipBytes),
    whole,
  );
  const initiator = sameDirection(rows[0]!, first) ? first.from : first.to;
  tally.compare(where, 'initiator', first.from, initiator, whole);
  if (connections.length !== rows.length) return;
  connections.forEach((connection, at) => {
    const row = rows[at]!;
    tally.compare(
      where,
      'duration, us',
      connection.durationUs ?? 0,
      row.lastUs - row.firstUs,
      () => whole() ?? explainDuration(connection, row, packets),
    );
  });
}

/** The last packet that Zeek's duration of a closed TCP connection counts: the one that closed it. */
function explainDuration(connection: ZeekConnection, row: Ours, packets: readonly LedgerPacket[]): string | null {
  if (connection.protocol !== 6) return null;
  const closing = packets.filter(
    ({ tcpFlags, payloadBytes }) => (tcpFlags & (SYN | FIN | RST)) !== 0 || payloadBytes > 0,
  );
  const closedUs = Math.max(...closing.map(({ us }) => us));
  return closedUs - row.firstUs === connection.durationUs ? CLOSED_TCP : null;
}
