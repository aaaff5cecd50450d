/** `flowlamp serve` as a process: signals, streams of standard input, and what it refuses. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Apart, cutBefore, rowSet, rowsOf, scored, scratch, serveApart, soon } from '../serve/live/support.ts';
import { SHIPPED_MODEL, SHIPPED_VERSION } from '../support/shipped-model.ts';
import { flowlamp, jsonRows, sample, temporaryFolder } from './run.ts';

const demo = readFileSync(sample('demo.pcap'));
const PACKETS = 2_245;
const MINING = fileURLToPath(new URL('../../models/zoo/mining/', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const serveWords = [process.execPath, MAIN, 'serve', '--pcap', '-', '--no-http'];
const RUBBISH = 'this is no model card';

/** Of its records of itself, the last. */
const statusOf = (path: string) => rowsOf(path).findLast(({ record }) => record === 'status');
const packetsIn = (path: string) => () => statusOf(path)?.['packets'] ?? 0;

/** A sidecar that reads standard input, writes everything to a file, and tells of itself often. */
function listening(...args: readonly string[]): Apart & { readonly out: () => string; readonly path: string } {
  const path = scratch().at('out.jsonl');
  const sink = `jsonl:${path}?kinds=rows,alert,record`;
  const apart = serveApart('--pcap', '-', '--no-http', '--status-every', '0.1', '--sink', sink, ...args);
  return { ...apart, path };
}

describe('SIGTERM', () => {
  test('every flow that lives is judged, sinks deliver, and it ends well', async () => {
    const [part] = cutBefore(demo, 900) as [Uint8Array];
    const file = scratch().at('part.pcap');
    writeFileSync(file, part);
    const serve = listening('--emit', 'end', '--emit', 'prefix:5');
    serve.child.stdin!.write(part);
    await soon(packetsIn(serve.path)).toBe(900);
    expect(rowsOf(serve.path).some((row) => row['row_kind'] === 'prefix')).toBe(true);
    serve.child.kill('SIGTERM');
    expect(await serve.ended, serve.said()).toBe(0);
    const batch = await scored(file, '--emit', 'end', '--emit', 'prefix:5');
    expect(rowSet(readFileSync(serve.path, 'utf8'))).toEqual(rowSet(batch));
  });

  test('a second one ends it at once', async () => {
    const deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => deaf.closeAllConnections());
    onTestFinished(() => void deaf.close());
    const { port } = deaf.address() as { port: number };
    const secret = scratch().at('secret');
    writeFileSync(secret, 'correct-horse-battery-staple-0123456789');
    const sink = `webhook:http://127.0.0.1:${port}/?secret-file=${secret}`;
    const serve = listening('--sink', sink, '--drain', '60');
    serve.child.stdin!.write(demo);
    await soon(packetsIn(serve.path)).toBe(PACKETS);
    serve.child.kill('SIGTERM');
    await soon(serve.said).toContain('stopping');
    await wait(200);
    expect(serve.child.exitCode).toBeNull();
    const asked = performance.now();
    serve.child.kill('SIGTERM');
    expect(await serve.ended).toBe(143);
    expect(performance.now() - asked).toBeLessThan(5_000);
  });

  test('while it opens, it ends as well, without a packet', async () => {
    const serve = serveApart('--pcap', '-', '--no-http');
    await wait(50);
    serve.child.kill('SIGTERM');
    // Before the handlers are there the system's own end it.
    expect([0, 143, 'SIGTERM']).toContain(await serve.ended);
  });
});

describe('SIGHUP', () => {
  test('rubbish changes nothing, another model and other rules do, and no packet is lost', async () => {
    const folder = scratch();
    const model = folder.at('model');
    const rules = folder.at('rules.yaml');
    cpSync(MINING, model, { recursive: true });
    writeFileSync(rules, '[]\n');
    const serve = listening('--model', model, '--emit', 'end', '--emit', 'prefix:5', '--suppress', rules);
    const parts = cutBefore(demo, 300, 500, 700);
    /** Goes on feeding while the sidecar reads its model again. */
    const reloadUnderTraffic = async (part: Uint8Array, told: string) => {
      serve.child.kill('SIGHUP');
      for (let at = 0; at < part.length; at += 997) {
        serve.child.stdin!.write(part.subarray(at, at + 997));
        if (at % 20 === 0) await wait(1);
      }
      await soon(serve.said).toContain(told);
    };
    serve.child.stdin!.write(parts[0]);
    await soon(packetsIn(serve.path)).toBe(300);

    const card = readFileSync(`${model}/card.json`, 'utf8');
    writeFileSync(`${model}/card.json`, RUBBISH);
    await reloadUnderTraffic(parts[1]!, 'reload failed, the old model goes on');
    expect(serve.said()).toContain(`"kept":"${SHIPPED_MODEL}"`);

    writeFileSync(`${model}/card.json`, card.replace(`"version": "${SHIPPED_VERSION}"`, '"version": "9.9.9"'));
    writeFileSync(rules, '- verdict: mining\n  until: 2999-01-01\n  reason: All of it is ours.\n');
    await reloadUnderTraffic(parts[2]!, 'the model and its lists were read again');
    await soon(packetsIn(serve.path)).toBe(700);
    const alertsBefore = rowsOf(serve.path).filter(({ alert }) => alert !== undefined).length;
    expect(alertsBefore).toBeGreaterThan(0);

    serve.child.stdin!.end(parts[3]);
    expect(await serve.ended, serve.said()).toBe(0);
    const all = readFileSync(serve.path, 'utf8');
    const batch = await scored(sample('demo.pcap'), '--emit', 'end', '--emit', 'prefix:5');
    const unnamed = (text: string) => rowSet(text).map((row) => row.replace(/"model":"[^"]*"/, ''));
    expect(unnamed(all)).toEqual(unnamed(batch));
    const models = jsonRows(all).flatMap(({ row_kind: kind, model: name, ...row }) =>
      kind !== undefined && row['alert'] === undefined ? [name] : [],
    );
    expect([models[0], models.at(-1)]).toEqual([SHIPPED_MODEL, 'mining@9.9.9']);
    // One change, and never back.
    expect(models.filter((name, i) => i > 0 && name !== models[i - 1])).toEqual(['mining@9.9.9']);
    expect(rowsOf(serve.path).filter(({ alert }) => alert !== undefined).length).toBe(alertsBefore);
  });
});

describe('standard input', () => {
  test('garbage is refused in one line', async () => {
    const { code, stderr, stdout } = await flowlamp(['serve', '--pcap', '-', '--no-http', '--log-level', 'error'], {
      input: Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'.repeat(100)),
    });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^flowlamp: NOT_A_CAPTURE: [^\n]+\n$/);
  });

  test('that is a file is read from where it stands', async () => {
    const child = spawnSync('sh', ['-c', 'exec <"$1"; shift; exec "$@"', 'sh', sample('demo.pcap'), ...serveWords], {
      encoding: 'utf8',
    });
    expect(child.status, child.stderr).toBe(0);
    expect(child.stderr).toMatch(/"packets":2245,.*"msg":"stopped"/);
  });

  test('nothing at all is refused likewise', async () => {
    const { code, stderr } = await flowlamp(['serve', '--pcap', '-', '--no-http', '--log-level', 'error']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^flowlamp: FILE_EMPTY: [^\n]+\n$/);
  });

  test('a capture that is cut in the middle is judged as far as it goes, with a warning', async () => {
    const [part] = cutBefore(demo, 400) as [Uint8Array];
    const file = scratch().at('part.pcap');
    writeFileSync(file, part);
    const { code, stdout, stderr } = await flowlamp(
      ['serve', '--pcap', '-', '--no-http', '--emit', 'end', '--sink', 'jsonl:-'],
      { input: demo.subarray(0, part.length + 31) },
    );
    expect(code, stderr).toBe(0);
    expect(rowSet(stdout)).toEqual(rowSet(await scored(file)));
    expect(stderr).toMatch(/"level":"warn".*after 400 packets; read up to there/);
  });

  test('a stream that turns into garbage: what came before is judged, and the end is a failure', async () => {
    const [part] = cutBefore(demo, 400) as [Uint8Array];
    const file = scratch().at('part.pcap');
    writeFileSync(file, part);
    const { code, stdout, stderr } = await flowlamp(
      ['serve', '--pcap', '-', '--no-http', '--emit', 'end', '--sink', 'jsonl:-', '--log-level', 'error'],
      { input: Buffer.concat([part, Buffer.alloc(1 << 20, 0xff)]) },
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^flowlamp: CAPTURE_DAMAGED: [^\n]+\n$/);
    expect(rowSet(stdout)).toEqual(rowSet(await scored(file)));
  });
});

describe('a file for --pcap', () => {
  test('damaged, it is a warning with counts and no failure', async () => {
    const [part] = cutBefore(demo, 400) as [Uint8Array];
    const path = scratch().at('cut.pcap');
    writeFileSync(path, demo.subarray(0, part.length + 31));
    const { code, stderr } = await flowlamp(['serve', '--pcap', path, '--no-http', '--sink', 'jsonl:-']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/"level":"warn".*cut off in the middle of a record after 400 packets; read up to there/);
    expect(stderr).toMatch(/"packets":400,.*"liveFlows":0,.*"msg":"stopped"/);
  });

  test('no capture at all, it is refused in one line', async () => {
    const path = scratch().at('page.pcap');
    writeFileSync(path, '<!doctype html>'.repeat(1_000));
    const { code, stdout, stderr } = await flowlamp(['serve', '--pcap', path, '--no-http', '--quiet']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^flowlamp: NOT_A_CAPTURE: [^\n]+\n$/);
  });
});

describe('refusals', () => {
  test('a port in use: one line, before anything is read, and the sinks are closed', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => folder.remove());
    const other = createTcpServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const { code, stderr } = await flowlamp([
      ...['serve', '--replay', sample('demo.pcap'), '--speed', '0', '--log-level', 'error'],
      ...['--http', `127.0.0.1:${port}`, '--sink', `arrow:${folder.at('rows')}`],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^flowlamp: [A-Z_]+: [^\n]*(in use|EADDRINUSE)[^\n]*\n$/);
  });
});
