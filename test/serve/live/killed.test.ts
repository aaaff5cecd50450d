/** The whole sidecar, killed with SIGKILL in the middle of its work, and the next one over the same folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { readTable } from '../../../features/files/table-reader.ts';
import { sample } from '../../cli/run.ts';
import { cutBefore, rowSet, rowsOf, scored, scratch, serveApart, soon } from './support.ts';

const demo = readFileSync(sample('demo.pcap'));

/** Flows of all files of a folder of tables. */
async function flowsIn(folder: string): Promise<Set<unknown>> {
  const flows = new Set<unknown>();
  for (const name of readdirSync(folder).filter((one) => /\.arrow$/.test(one))) {
    const path = join(folder, name);
    await readTable(path, 'arrow', ({ columns, length }) => {
      const { values } = columns.get('flow_id') as { values: Float64Array };
      for (let row = 0; row < length; row++) flows.add(values[row]);
    });
  }
  return flows;
}

test.each([0, 120])(
  'killed %i ms after its first row: the next covers all flows, and no line is broken',
  async (ms) => {
    const folder = scratch();
    const ring = folder.at('ring');
    mkdirSync(ring);
    const received: string[] = [];
    let isUp = false;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => {
        body += piece;
      });
      request.on('end', () => {
        if (isUp) received.push(body);
        response.writeHead(isUp ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const secret = folder.at('secret');
    writeFileSync(secret, 'k'.repeat(32));
    const config = folder.at('serve.json');
    const rows = folder.at('rows.jsonl');
    const tables = folder.at('tables');
    const sinks = [
      { type: 'jsonl', path: rows },
      { type: 'arrow', folder: tables, batchSeconds: 0 },
      {
        ...{ type: 'webhook', url: `http://127.0.0.1:${port}/`, secretFile: secret, columns: ['flow_id'] },
        ...{ policy: 'spill', spillFolder: folder.at('spill'), queueItems: 100, batchSeconds: 0 },
      },
      { type: 'jsonl', name: 'alerts', path: folder.at('alerts.jsonl'), kinds: ['alert'] },
    ];
    const source = { kind: 'watch', folder: ring, journal: folder.at('journal.json'), pollSeconds: 0.05 };
    writeFileSync(
      config,
      JSON.stringify({ source, sinks, flows: { emit: ['end', 'prefix:5'] }, http: { enabled: false } }),
    );
    const parts = cutBefore(demo, 500, 1_000, 1_600);
    const add = (i: number) =>
      writeFileSync(join(ring, `${i}.pcap`), i === 0 ? parts[0]! : Buffer.concat([demo.subarray(0, 24), parts[i]!]));

    const first = serveApart('--config', config);
    add(0);
    add(1);
    await soon(() => rowsOf(rows).length).toBeGreaterThan(0);
    await wait(ms);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');

    isUp = true;
    const second = serveApart('--config', config, '--status-every', '0.1');
    add(2);
    add(3);
    const batch = rowSet(await scored(sample('demo.pcap'), '--emit', 'end', '--emit', 'prefix:5'));
    // Whichever are still open at the end of the last file are judged when it drains.
    await soon(
      () => new Set(rowSet(readFileSync(rows, 'utf8')).filter((row) => batch.includes(row))).size,
    ).toBeGreaterThan(batch.length - 8);
    await wait(300);
    second.child.kill('SIGTERM');
    expect(await second.ended, second.said()).toBe(0);

    const lines = readFileSync(rows, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
    expect(batch.filter((row) => !rowSet(lines.join('\n')).includes(row))).toEqual([]);
    const flows = new Set(rowsOf(rows).map((row) => row['flow_id']));
    expect(await flowsIn(tables)).toEqual(flows);
    const told = new Set(rowsOf(folder.at('alerts.jsonl')).map((row) => row['flow_id']));
    const webhook = new Set([...received.join('\n').matchAll(/"flow_id":(\d+)/g)].map(([, id]) => Number(id)));
    expect(webhook).toEqual(told);
    expect(existsSync(folder.at('journal.json'))).toBe(true);
  },
);
