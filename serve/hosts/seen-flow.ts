/** A row of a scored table, as the view of hosts sees it. */
import type { Finding } from '../../core/table.ts';
import { isIcmp, isRisk, type ModelFacts, type Row } from '../records/row.ts';

/** A part of a flow that ended. */
export interface SeenFlow {
  readonly client: string;
  readonly server: string;
  /** Null where ports have no meaning (ICMP). */
  readonly port: number | null;
  readonly name: string | null;
  readonly firstSeen: bigint;
  readonly lastSeen: bigint;
  /** False for the later parts of a flow that the active timeout has cut. */
  readonly isFirstPart: boolean;
  /** False for parts that another follows. */
  readonly isLastPart: boolean;
  readonly isTcp: boolean;
  /** It said so, on whatever port. */
  readonly isSsh: boolean;
  /** Seconds since 1970. */
  readonly beganAt: number;
  /** From its first packet to its last. */
  readonly seconds: number;
  readonly fwdPackets: number;
  readonly bwdPackets: number;
  readonly fwdBytes: number;
  readonly bwdBytes: number;
  readonly fwdPayloadBytes: number;
  readonly bwdPayloadBytes: number;
  readonly verdict: string;
  readonly isPositive: boolean;
  /** Of the positive label, where that is predicted; null otherwise. */
  readonly score: number | null;
  readonly risk: number | null;
  readonly evidence: readonly Finding[];
}

/** Null for a row without addresses or times. */
export function seenFlow(row: Row, model: ModelFacts): SeenFlow | null {
  const [client, server] = [row.text('src_ip'), row.text('dst_ip')];
  const [firstSeen, lastSeen] = [row.time('first_seen'), row.time('last_seen')];
  if (client === undefined || server === undefined || firstSeen === undefined || lastSeen === undefined) return null;
  const risk = row.number('risk') ?? null;
  // Of a flow that the model does not speak of, the risk is 0 and the score says nothing.
  const isPredicted = model.positive !== null && row.text('predicted') === model.positive && risk !== 0;
  const protocol = row.text('protocol');
  return {
    client,
    server,
    port: isIcmp(protocol) ? null : (row.number('dst_port') ?? null),
    name: row.text('sni') ?? row.text('http_host') ?? row.text('dns_name') ?? null,
    firstSeen,
    lastSeen: lastSeen < firstSeen ? firstSeen : lastSeen,
    isFirstPart: (row.number('part') ?? 0) === 0,
    isLastPart: row.text('end_reason') !== 'active',
    isTcp: protocol === 'tcp',
    isSsh: row.text('ssh_client') !== undefined || row.text('ssh_server') !== undefined,
    beganAt: Number(firstSeen) / 1e9,
    seconds: Math.max(0, Number(lastSeen - firstSeen) / 1e9),
    fwdPackets: row.number('fwd_packets') ?? 0,
    bwdPackets: row.number('bwd_packets') ?? 0,
    fwdBytes: row.number('fwd_bytes') ?? 0,
    bwdBytes: row.number('bwd_bytes') ?? 0,
    fwdPayloadBytes: row.number('fwd_payload_bytes') ?? 0,
    bwdPayloadBytes: row.number('bwd_payload_bytes') ?? 0,
    verdict: row.text('verdict') ?? 'unknown',
    isPositive: isRisk(row, model),
    score: isPredicted ? (row.number('score') ?? null) : null,
    risk,
    evidence: row.findings('evidence'),
  };
}
