import { expect, test } from 'vitest';
import { Riskiest } from '../../cli/riskiest.ts';
import { VerdictSummary, verdictLine } from '../../cli/verdict-summary.ts';
import { verdictTable } from '../../cli/verdict-table.ts';
import type { Verdict } from '../../serve/verdict.ts';
import { benign, miningModel, scoredTable, tlsFlow } from '../support/scored-rows.ts';

type Flow = readonly [object, (Partial<Verdict> | undefined)?];
const unsure: Partial<Verdict> = { score: 0.7, verdict: 'unknown', risk: 7 };
const silent: Partial<Verdict> = { score: 0.8, verdict: 'unknown', risk: 0 };
const short = { fwd_payload_packets: 1, bwd_payload_packets: 1 };

function textOf(flows: readonly Flow[], top = 40, width = 300): string {
  const table = scoredTable(flows.map(([cells, verdict]) => [{ ...tlsFlow, ...cells }, verdict]));
  const riskiest = new Riskiest(top, miningModel);
  const summary = new VerdictSummary(miningModel);
  riskiest.add(table);
  summary.add(table);
  return verdictTable(riskiest, summary, miningModel, { width, palette: 'none' });
}

test('flows, how many are left, and a summary with the share, bytes and hosts of each verdict', () => {
  const flows: Flow[] = [
    [{ src_ip: '10.0.0.2' }, benign],
    [{ src_ip: '10.0.0.1', fwd_bytes: 1_000_000 }],
    [{ src_ip: '10.0.0.2' }, unsure],
    [{ src_ip: '10.0.0.3' }, { ...benign, score: 0.99 }],
  ];
  expect(textOf(flows, 2).split('\n')).toEqual([
    'first seen (UTC)     initiator       responder      proto  server name   packets   bytes  verdict    most likely   risk',
    '2026-02-03 04:05:06  10.0.0.1:40000  192.0.2.9:443  tcp    pool.example       12  1.0 MB  ! mining   mining 0.960    10',
    '2026-02-03 04:05:06  10.0.0.2:40000  192.0.2.9:443  tcp    pool.example       12  5.7 kB  ? unknown  mining 0.700     7',
    '... and 2 flows of no higher risk (--top shows more, -f jsonl all)',
    '',
    'verdict    flows   share   bytes  hosts',
    '! mining       1  25.0 %  1.0 MB      1',
    '  other        2  50.0 %   11 kB      2',
    '? unknown      1  25.0 %  5.7 kB      1',
    'unknown: 1 too unsure, 0 not judged (not tcp, or fewer than 5 packets with payload)',
    '',
  ]);
});

test('a flow that the model does not speak of is not judged, unless something else speaks', () => {
  const login = { source: 'protocol', finding: 'Logs in to a pool in plain text.', weight: 9 };
  const text = textOf([
    [short, silent],
    [{ protocol: 'udp' }, silent],
    [{}, unsure],
    [short, { ...silent, risk: 4, evidence: [login] }],
    [short, { evidence: [login] }],
  ]);
  expect(text.match(/\? unknown +\S+( \S+)? +\d+$/gm)).toEqual([
    '? unknown  mining 0.700     7',
    '? unknown  mining 0.800     4',
    '? unknown  not judged       0',
    '? unknown  not judged       0',
  ]);
  expect(text).toContain('unknown: 2 too unsure, 2 not judged');
  expect(text.match(/^ {4}protocol: Logs in to a pool in plain text\.$/gm)).toHaveLength(2);
});

test('evidence against a risk, and the word of the model, take no line of their own', () => {
  const shop = { source: 'names', finding: 'Named like a shop.', weight: -3 };
  const model = { source: 'behaviour', finding: 'Looks like mining.', weight: 3 };
  const text = textOf([[{}, { evidence: [shop, model] }]]);
  expect(text).not.toContain('Named like');
  expect(text).not.toContain('Looks like');
});

test('names from captures are shown, never sent, and lines fit the terminal', () => {
  const sni = `\x1b]0;owned\x07\u202e${'例'.repeat(60)}`;
  for (const width of [60, 80, 120]) {
    const text = textOf([[{ sni, src_ip: '2001:db8:1111:2222:3333:4444:5555:6666' }]], 5, width);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text.split('\n')[1]).toMatch(/^.*…?\]:40000 .*! mining/);
  }
  expect(textOf([[{ sni }]])).toContain('\\x1b]0;owned\\x07\\u{202e}例');
});

test('no flows at all are a summary of none', () => {
  const empty = new Riskiest(5, miningModel);
  const text = verdictTable(empty, new VerdictSummary(miningModel), miningModel, { width: 80, palette: 'none' });
  expect(text).toBe('\nverdict  flows  share  bytes  hosts\n');
  expect(verdictLine(new Map(), 'mining@7')).toBe('0 flows judged by mining@7');
});
