/** What the sidecar logs, and what it never does. */
import { expect, test } from 'vitest';
import { openLog } from '../../serve/log.ts';
import { demoRows, startBench, TOKEN } from './http/server.ts';

const listening = async (level: 'debug' | 'warn' = 'debug') => {
  const lines: string[] = [];
  const log = await openLog(level, { write: (line) => void lines.push(line) });
  return { lines, log };
};

test('lines are JSON, with the time and the level in words', async () => {
  const { lines, log } = await listening('warn');
  log.info({ a: 1 }, 'not heard');
  log.warn({ a: 1 }, 'heard');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', a: 1, msg: 'heard', time: expect.stringMatching(/Z$/) });
});

test('secrets and payload are not shown, also where somebody logs too much', async () => {
  const { lines, log } = await listening();
  log.info({ token: TOKEN, headers: { authorization: TOKEN }, request: { authorization: TOKEN, body: TOKEN } }, 'oops');
  expect(lines.join('')).not.toContain(TOKEN);
  expect(JSON.parse(lines[0]!)).toMatchObject({ token: '[not shown]', headers: '[not shown]' });
});

test('of requests there is the route, the status and an id, and nothing that the client wrote', async () => {
  const { lines, log } = await listening();
  const bench = await startBench({ token: TOKEN }, { log });
  const headers = { authorization: `Bearer ${TOKEN}`, 'x-request-id': 'INJECTED' };
  const body = JSON.stringify([{ ...(await demoRows())[0], capture: 'PAYLOAD' }]);
  const answer = await bench.post('/v1/score', 'application/json', body, headers);
  expect(await answer.text()).toContain('PAYLOAD');
  await bench.get('/no/such/PATH?with=QUERY', headers);
  await bench.get('/v1/model', { authorization: 'Bearer WRONG' });
  bench.service.lease = () => {
    throw new Error('a mistake of ours');
  };
  const failed = await bench.post('/v1/score', 'application/json', body, headers);
  expect(failed.status).toBe(500);
  expect(await failed.json()).toEqual({
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'INTERNAL',
    instance: `urn:uuid:${failed.headers.get('x-request-id')}`,
  });
  await bench.close();
  const text = lines.join('');
  for (const written of [TOKEN, 'INJECTED', 'PAYLOAD', 'PATH', 'QUERY', 'WRONG']) expect(text).not.toContain(written);
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(parsed.find(({ msg }) => msg === 'answered')).toMatchObject({
    route: '/v1/score',
    status: 200,
    method: 'POST',
  });
  const failure = parsed.find(({ level }) => level === 'error');
  expect(failure).toMatchObject({
    id: failed.headers.get('x-request-id'),
    stack: expect.stringMatching(/a mistake of ours/),
  });
});

test('without pino it says what is missing', async () => {
  const load = () => Promise.reject(new Error('none'));
  await expect(openLog('info', { write: () => undefined }, load)).rejects.toThrow(/the log needs the package pino/);
});
