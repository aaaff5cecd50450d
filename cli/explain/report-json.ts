/** An explanation for programs; docs/explain.md says what each member holds. */
import { jsonDocument } from '../../core/visible.ts';
import type { FlowValue } from '../../features/rows-of.ts';
import { timeText } from '../../features/text/cell.ts';
import { LEVELS } from '../../models/typical.ts';
import type { Chosen, RowName } from '../../serve/explain/choice.ts';
import { type Effects, groupEffects } from '../../serve/explain/effects.ts';
import type { Explained } from '../../serve/explain/explain.ts';
import type { Timeline } from '../../serve/explain/timeline.ts';

/** Raised when a member changes its meaning or goes. */
const FORMAT_VERSION = 1;
const IDENTITY = [
  'capture',
  'flow_id',
  'part',
  'row_kind',
  'community_id',
  'first_seen',
  'last_seen',
  'src_ip',
  'src_port',
  'dst_ip',
  'dst_port',
  'protocol',
  'end_reason',
  'duration_us',
  'fwd_packets',
  'bwd_packets',
  'fwd_bytes',
  'bwd_bytes',
  'sni',
  'ja4',
  'label',
];

export function reportJson(chosen: Chosen, explained: Explained): string {
  const { card, flow, verdict, probabilities, isInScope, effects, noEffects, timeline } = explained;
  const report = {
    format_version: FORMAT_VERSION,
    flow: Object.fromEntries(IDENTITY.filter((name) => name in flow).map((name) => [name, jsonValue(flow[name]!)])),
    rows: chosen.rows.map(rowJson),
    others: chosen.others.map(rowJson),
    ...verdict,
    in_scope: isInScope,
    probabilities: Object.fromEntries(card.labels.map((label, k) => [label, probabilities[k]!])),
    thresholds: card.thresholds,
    effects: effects === null ? null : effectsJson(effects),
    no_effects: noEffects === '' ? null : noEffects,
    timeline: timeline === null ? null : timelineJson(timeline),
  };
  return jsonDocument(report);
}

function jsonValue(value: FlowValue): unknown {
  return typeof value === 'bigint' ? timeText(value) : value;
}

function rowJson({ capture, flowId, part, rowKind, srcIp, srcPort, dstIp, dstPort, verdict }: RowName) {
  return {
    capture,
    flow_id: flowId,
    part,
    row_kind: rowKind,
    src_ip: srcIp,
    src_port: srcPort,
    dst_ip: dstIp,
    dst_port: dstPort,
    verdict: verdict.verdict,
    predicted: verdict.predicted,
    score: verdict.score,
    risk: verdict.risk,
  };
}

function effectsJson({ method, note, label, against, base, logOdds, inputs }: Effects) {
  return {
    method,
    note: note === '' ? null : note,
    label,
    against,
    base,
    log_odds: logOdds,
    levels: LEVELS,
    inputs: inputs.map((input) => ({ ...input, value: jsonValue(input.value) })),
    groups: groupEffects(inputs),
  };
}

function timelineJson({ messages, isCut, payloadPackets, repeats }: Timeline) {
  return {
    is_cut: isCut,
    payload_packets: payloadPackets,
    messages: messages.map(({ timeUs, gapUs, from, bytes, mark, records }) => ({
      time_us: timeUs,
      gap_us: gapUs,
      from,
      bytes,
      mark,
      tls_records: records,
    })),
    repeats: repeats.map(({ gapUs, ...repeat }) => ({ ...repeat, gap_us: gapUs })),
  };
}
