/** /v1/model, its reload, and what watches over the service. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { Scorer } from '../../../serve/engine.ts';
import { Metrics } from '../../../serve/metrics/metrics.ts';
import { snapshot } from '../metrics/snapshot.ts';
import { type Bench, demo, demoRows, startBench, TOKEN } from './server.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterEach(() => {
  bench.service.openModel = () => Scorer.open('mining');
  bench.service.health = { source: 'running', isModelLoaded: true, sinks: [] };
});
afterAll(() => bench.close());

describe('/v1/model', () => {
  test('is what the card says, without what only the model needs', async () => {
    const { card } = bench.service;
    const model = (await (await bench.get('/v1/model')).json()) as Record<string, unknown>;
    expect(model).toMatchObject({ name: 'mining', version: card!.version, labels: card!.labels, positive: 'mining' });
    expect(model).toMatchObject({
      inputs: card!.inputs.length,
      inputs_hash: card!.inputsHash,
      thresholds: card!.thresholds,
    });
    expect(model['scope']).toEqual({
      protocols: card!.scope.protocols,
      min_payload_packets: card!.scope.minPayloadPackets,
    });
    expect(JSON.stringify(model)).not.toMatch(/captureHashes|sha256/);
  });

  const reload = () => bench.post('/v1/model/reload', 'application/json', '');

  test('is replaced, and requests under way keep the one they began with', async () => {
    const lease = bench.service.lease();
    const answer = await reload();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      before: expect.stringMatching(/^mining@/),
      after: expect.stringMatching(/^mining@/),
    });
    const { tableOfObjects, specsOfNames } = await import('../../../features/text/text-reader.ts');
    const rows = await demoRows();
    const specs = specsOfNames(Object.keys(rows[0]!));
    expect(await lease.submit('rows', specs, tableOfObjects('rows', specs, rows))).toHaveLength(rows.length);
    lease.release();
  });

  test('that fails its check is not used: 409, a reason without paths, and the old one goes on', async () => {
    const before = bench.service.card;
    bench.service.openModel = () =>
      Promise.reject(
        new FlowlampError(ErrorCode.ModelInvalid, {
          happened: '/etc/flowlamp/models/mine/model.onnx does not match its checksum',
          expected: 'the file as it was written',
          action: 'take it again',
        }),
      );
    const answer = await reload();
    expect(answer.status).toBe(409);
    const problem = (await answer.json()) as { detail: string; code: string };
    expect(problem.code).toBe('MODEL_INVALID');
    expect(problem.detail).toContain('model.onnx does not match its checksum');
    expect(JSON.stringify(problem)).not.toContain('/etc');
    expect(bench.service.card).toBe(before);
    expect((await bench.post('/v1/score', 'application/vnd.tcpdump.pcap', demo)).status).toBe(200);
  });

  test('is read once for those who ask at once', async () => {
    let opened = 0;
    bench.service.openModel = async () => {
      opened++;
      await new Promise((done) => setTimeout(done, 100));
      return Scorer.open('mining');
    };
    const answers = await Promise.all([reload(), reload(), reload()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(opened).toBe(1);
  });

  test('is reloaded on another address with the token alone', async () => {
    const { Access } = await import('../../../serve/http/access.ts');
    const { checkedHttpConfig } = await import('../../../serve/http/config.ts');
    const tls = { cert: '', key: '', ca: 'CA' };
    expect(new Access(checkedHttpConfig({ host: '0.0.0.0', tls })).mayOperate('127.0.0.1')).toBe(false);
    expect(new Access(checkedHttpConfig({ host: '0.0.0.0', token: TOKEN })).mayOperate('192.0.2.1')).toBe(true);
    expect(new Access(checkedHttpConfig({})).mayOperate('127.0.0.1')).toBe(true);
    expect(new Access(checkedHttpConfig({})).mayOperate('192.0.2.1')).toBe(false);
  });
});

describe('health', () => {
  test('/healthz is about the process alone', async () => {
    bench.service.health = { source: 'failed', isModelLoaded: false, sinks: [] };
    expect(await (await bench.get('/healthz')).json()).toEqual({ status: 'alive' });
  });

  const sink = (name: string, isAlive: boolean) => ({ name, isAlive });
  test.each([
    [200, { source: 'running', isModelLoaded: true, sinks: [] }],
    [200, { source: 'running', isModelLoaded: true, sinks: [sink('a', false), sink('b', true)] }],
    [200, { source: 'ended', isModelLoaded: true, sinks: [] }],
    [503, { source: 'waiting', isModelLoaded: true, sinks: [] }],
    [503, { source: 'failed', isModelLoaded: true, sinks: [] }],
    [503, { source: 'running', isModelLoaded: false, sinks: [] }],
    [503, { source: 'running', isModelLoaded: true, sinks: [sink('a', false), sink('b', false)] }],
  ] as const)('/readyz is %i for %j', async (status, health) => {
    bench.service.health = health;
    const answer = await bench.get('/readyz');
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      status: status === 200 ? 'ready' : 'not ready',
      source: health.source,
    });
  });

  test('/metrics is there where something is measured', async () => {
    expect((await bench.get('/metrics')).status).toBe(404);
    const metrics = await Metrics.open(() => snapshot(), { hasDefaults: false });
    const measured = await startBench({}, { metrics });
    await measured.get('/healthz');
    await measured.get('/../../etc/passwd?x=1');
    await measured.get(`/${'x'.repeat(50)}`);
    const answer = await measured.get('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(text).toContain('flowlamp_http_requests_total{route="/healthz",method="GET",status="2xx"} 1');
    expect(text).toContain('flowlamp_http_requests_total{route="none",method="any",status="4xx"} 2');
    expect(text).toContain('flowlamp_http_subscribers 0');
    await measured.close();
  });
});

describe('without a model', () => {
  test('the service says so', async () => {
    const failing = () =>
      Promise.reject(new FlowlampError(ErrorCode.ModelNotFound, { happened: 'x', expected: 'y', action: 'z' }));
    const none = await startBench({}, { openModel: failing });
    expect((await none.get('/v1/model')).status).toBe(503);
    const answer = await none.post('/v1/score', 'application/json', '[{"a":1}]');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await none.close();
  });
});
