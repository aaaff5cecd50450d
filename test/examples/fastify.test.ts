/** The example is run as it is, and says what the command line says. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app } from '../../examples/fastify.ts';
import { flowlamp, jsonRows, sample } from '../cli/run.ts';

const demo = sample('demo.pcap');
const capture = readFileSync(demo);
let url = '';
beforeAll(async () => {
  url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/score`;
});
afterAll(() => app.close());

const post = (type: string, body: Uint8Array | string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': type }, body: body as string });
/** What differs is how the capture is called. */
const unnamed = (rows: readonly Record<string, unknown>[]) => rows.map((row) => ({ ...row, capture: '' }));

describe('a service of ten lines', () => {
  test('scores a capture that is posted as the command line scores its file, and rows as their capture', async () => {
    const expected = unnamed(jsonRows((await flowlamp(['score', demo, '-f', 'jsonl'])).stdout));
    const scored = (await (await post('application/vnd.tcpdump.pcap', capture)).json()) as Record<string, unknown>[];
    expect(expected.length).toBeGreaterThan(10);
    expect(unnamed(scored)).toEqual(expected);
    const rows = JSON.stringify(jsonRows((await flowlamp(['extract', demo, '-f', 'jsonl'])).stdout));
    expect(unnamed((await (await post('application/json', rows)).json()) as [])).toEqual(expected);
  });

  test.each([
    ['application/octet-stream', 'no capture at all', 'NOT_A_CAPTURE'],
    ['application/vnd.tcpdump.pcap', '', 'FILE_EMPTY'],
    ['application/json', '{"src_ip":"10.0.0.1"}', 'OPTION_INVALID'],
    ['application/json', '[1]', 'NOT_A_TABLE'],
    ['application/json', '[{"src_ip":"10.0.0.1"}]', 'SCHEMA_MISMATCH'],
    ['application/json', '[{"fwd_packets":-1}]', 'NOT_A_TABLE'],
  ])('%s %j is answered with 400 and %s', async (type, body, code) => {
    const answer = await post(type, body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code });
  });
});
