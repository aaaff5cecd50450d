/** The verdict as a comment in a capture file: lines for a person, with nothing in them that steers a terminal. */
import { escaped, safeText } from '../evidence/safe-text.ts';
import type { FlowKey, VerdictFacts } from './keep-request.ts';
import { KEEP_LIMITS } from './limits.ts';

/** @param isCut whether packets before the first one had been given up already */
export function verdictComment(flow: FlowKey, facts: VerdictFacts, isCut: boolean): string {
  const { verdict, score, risk, model, flow_id, community_id, first_seen, last_seen, evidence } = facts;
  const { src_ip, src_port, dst_ip, dst_port, protocol } = flow;
  const findings = evidence.slice(0, KEEP_LIMITS.findings).map(({ source, finding, weight }) => {
    const signed = `${weight < 0 ? '' : '+'}${weight}`;
    return `evidence ${source} ${signed}: ${safeText(finding, KEEP_LIMITS.findingCharacters)}`;
  });
  const lines = [
    `verdict ${verdict}, score ${score ?? 'none'}, risk ${risk ?? 'none'}`,
    `model ${model ?? 'none'}`,
    `flow ${flow_id ?? 'none'}, ${protocol} ${src_ip} ${src_port} to ${dst_ip} ${dst_port}`,
    `community_id ${community_id ?? 'none'}`,
    `judged from ${first_seen} to ${last_seen}`,
    ...(isCut ? ['packets before the first one here had been given up for want of room'] : []),
    ...findings,
  ];
  return lines.map(escaped).join('\n').slice(0, KEEP_LIMITS.commentCharacters);
}
