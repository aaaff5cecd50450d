/** What the sidecar says of packets is what the batch commands say of them, however they came. */
import { createReadStream, createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { SourceConfig } from '../../../serve/sources/config.ts';
import { keptProgram } from '../../cli/kept.ts';
import { sample } from '../../cli/run.ts';
import { fifo, rowSet, runHere, runThrough, scored, scratch, serveApart, soon } from './support.ts';

const flowlamp = keptProgram();
const demo = sample('demo.pcap');
const shared = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const sharedCaptures = capturesIn(shared);

const EMIT = ['end', 'prefix:5', 'prefix:20', 'interval:10'];
const emitArgs = (kinds: readonly string[]) => kinds.flatMap((kind) => ['--emit', kind]);

/** Small captures that lie beside the repository, where there are any. */
function capturesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.pcap(ng)?$/.test(name))
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).size < 256 * 1024)
      .sort()
      .slice(0, 12);
  } catch {
    return [];
  }
}

/** Rows that the sidecar gives of a source that has an end. */
async function live(source: SourceConfig, emit: readonly string[]): Promise<string[]> {
  const out = scratch().at('rows.jsonl');
  const sinks = [{ type: 'jsonl', path: out, policy: 'block' }] as const;
  const { log } = await runThrough({ source, flows: { emit }, sinks });
  expect(log.text()).not.toContain('error:');
  return rowSet(readFileSync(out, 'utf8'));
}

describe('a capture that is replayed', () => {
  test.each(['demo.pcap', 'test-02.pcap.gz'])(
    '%s: rows at the end, early ones and those of intervals',
    async (name) => {
      const batch = rowSet(await scored(sample(name), ...emitArgs(EMIT)));
      const rows = await live({ kind: 'replay', inputs: [sample(name)], speed: 0 }, EMIT);
      expect(rows).toEqual(batch);
      expect(new Set(rows.map((row) => /"row_kind":"(\w+)"/.exec(row)![1]))).toEqual(
        new Set(['end', 'prefix', 'interval']),
      );
    },
  );

  test('as a process: the features are those of extract, and the verdicts those of score', async () => {
    const out = scratch().at('rows.jsonl');
    const serve = serveApart('--replay', demo, '--speed', '0', '--emit', 'end', '--sink', `jsonl:${out}`);
    expect(await serve.ended, serve.said()).toBe(0);
    const rows = rowSet(readFileSync(out, 'utf8'));
    expect(rows).toEqual(rowSet(await scored(demo)));
    const extracted = rowSet((await flowlamp(['extract', demo, '-f', 'jsonl'])).stdout);
    expect(rows.length).toBe(extracted.length);
    // The same text, and the columns of the verdict behind it.
    for (const [i, row] of extracted.entries()) expect(rows[i]!.startsWith(row.slice(0, -1)), row).toBe(true);
  });

  test.skipIf(sharedCaptures.length === 0)('small captures that lie beside the repository', async () => {
    const { stdout } = await flowlamp(['score', ...sharedCaptures, '-f', 'jsonl', '--quiet', ...emitArgs(EMIT)]);
    const lines = stdout.split('\n');
    for (const path of sharedCaptures) {
      const batch = lines.filter((line) => line.startsWith(`{"capture":${JSON.stringify(path)},`));
      if (batch.length === 0) continue;
      expect(await live({ kind: 'replay', inputs: [path], speed: 0 }, EMIT), path).toEqual(rowSet(batch.join('\n')));
    }
  });
});

describe('a stream', () => {
  test('through a FIFO, in pieces of odd sizes', async () => {
    const path = fifo(scratch().at('packets'));
    const rows = live({ kind: 'pcap', path, isLive: false }, EMIT);
    await pipeline(createReadStream(demo, { highWaterMark: 4_093 }), createWriteStream(path));
    expect(await rows).toEqual(rowSet(await scored(demo, ...emitArgs(EMIT))));
  });

  test('through standard input, in pieces, packed', async () => {
    const serve = serveApart('--pcap', '-', '--emit', 'end', '--no-http', '--sink', 'jsonl:-');
    const packed = readFileSync(sample('test-03.pcap.gz'));
    for (let at = 0; at < packed.length; at += 50_021) serve.child.stdin!.write(packed.subarray(at, at + 50_021));
    serve.child.stdin!.end();
    expect(await serve.ended, serve.said()).toBe(0);
    expect(rowSet(serve.out())).toEqual(rowSet(await scored(sample('test-03.pcap.gz'))));
  });

  test('over TCP: rows go on over a connection that ends, and those of live flows come when it is stopped', async () => {
    const batch = rowSet(await scored(demo, ...emitArgs(EMIT)));
    const server = createServer((socket) => void pipeline(createReadStream(demo), socket).then(() => server.close()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const out = scratch().at('rows.jsonl');
    const { log, stop } = await runHere({
      source: { kind: 'pcap-over-ip', address: `127.0.0.1:${port}` },
      flows: { emit: EMIT },
      sinks: [{ type: 'jsonl', path: out }],
    });
    await soon(log.text).toContain('the connection was closed');
    await stop();
    expect(rowSet(readFileSync(out, 'utf8'))).toEqual(batch);
  });
});
