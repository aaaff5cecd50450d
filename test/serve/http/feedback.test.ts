/** /v1/feedback: words on rows that are kept of late. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FeedbackFile } from '../../../serve/feedback/store.ts';
import { temporaryFolder } from '../../cli/run.ts';
import { judgedRows } from './memory-service.ts';
import { type Bench, startBench } from './server.ts';

const folder = temporaryFolder();
let bench: Bench;
beforeAll(async () => {
  const feedback = await FeedbackFile.open(folder.at('feedback.jsonl'), { rows: 4 });
  bench = await startBench({}, { feedback, ring: { firstSequence: 1 } });
  bench.service.recent.push(judgedRows(300));
});
afterAll(async () => {
  await bench.close();
  folder.remove();
});
const say = (word: unknown, type = 'application/json') =>
  bench.post('/v1/feedback', type, typeof word === 'string' ? word : JSON.stringify(word));

test('is kept, and given back as rows', async () => {
  const answer = await say({ flow_id: 1_003, right: false, note: 'a "backup"\n', analyst: 'ann' }).then((one) =>
    one.json(),
  );
  // A line end is no part of a note.
  expect(answer).toMatchObject({ code: 'OPTION_INVALID' });
  const kept = await say({ flow_id: 1_003, right: false, note: 'a "backup"', analyst: 'ann' });
  expect(await kept.json()).toEqual({
    flow_id: 1_003,
    part: 0,
    row_kind: 'end',
    sequence: 4,
    label: 'other',
    replaced: false,
  });
  const again = await say({ flow_id: 1_003, part: 0, row_kind: 'end', capture: 'a.pcap', sequence: 4, label: 'vpn' });
  expect(await again.json()).toMatchObject({ label: 'vpn', replaced: true });
  expect(await (await bench.get('/v1/feedback')).json()).toMatchObject({ rows: 1, rows_per_label: { vpn: 1 } });
  const all = await bench.get('/v1/feedback?format=jsonl');
  expect(all.headers.get('content-type')).toBe('application/x-ndjson');
  const [line, ...rest] = (await all.text()).trimEnd().split('\n');
  expect(rest).toEqual([]);
  expect(JSON.parse(line!)).toMatchObject({ flow_id: 1_003, label: 'vpn', feedback_note: null, feedback_sequence: 4 });
  expect(JSON.parse(line!)).not.toHaveProperty('sequence');
});

describe('is refused', () => {
  test.each([
    [404, { flow_id: 5, right: true }],
    [404, { flow_id: 1_000, sequence: 2, right: true }],
    [404, { flow_id: 1_000, part: 9, right: true }],
    [404, { flow_id: 1_000, capture: '../../etc/passwd', right: true }],
    [400, { flow_id: 1_000 }],
    [400, { flow_id: 1_000, right: true, label: 'x' }],
    [400, { flow_id: '1000', right: true }],
    [400, { flow_id: 1_000.5, right: true }],
    [400, { flow_id: 2 ** 60, right: true }],
    [400, { flow_id: -1, right: true }],
    [400, { flow_id: 1_000, right: 'yes' }],
    [400, { flow_id: 1_000, right: true, path: '/etc/passwd' }],
    [400, { flow_id: 1_000, label: '' }],
    [400, { flow_id: 1_000, label: 'a\u0000b' }],
    [400, { flow_id: 1_000, label: 'x'.repeat(65) }],
    [400, { flow_id: 1_000, right: true, note: 'x'.repeat(3_000) }],
    [400, []],
    [400, null],
    [400, 'no JSON'],
    [400, '{"__proto__":{"flow_id":1},"right":true}'],
    [400, '[['.repeat(5_000)],
    [422, { flow_id: 1_000, label: 'Mining' }],
    [422, { flow_id: 1_000, label: 'unknown' }],
    [413, 'x'.repeat(20_000)],
  ])('with %i: %j', async (status, word) => {
    const answer = await say(word);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.stringify(await answer.json())).not.toContain(folder.path);
  });

  test('where it is no JSON', async () => {
    expect((await say({ flow_id: 1_000, right: true }, 'text/plain')).status).toBe(415);
  });

  test('where there is no more room', async () => {
    for (const flow_id of [1_006, 1_009, 1_012]) expect((await say({ flow_id, right: true })).status).toBe(200);
    const answer = await say({ flow_id: 1_015, right: true });
    expect(answer.status).toBe(507);
    expect(await answer.json()).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('where nobody said where to keep it', async () => {
    const none = await startBench();
    expect((await none.get('/v1/feedback')).status).toBe(404);
    expect((await none.post('/v1/feedback', 'application/json', '{"flow_id":1,"right":true}')).status).toBe(404);
    await none.close();
  });
});
