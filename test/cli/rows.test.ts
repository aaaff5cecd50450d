/** `--emit`, `--key-vlan` and `--jobs`: which rows, of which flows, read how many captures at a time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pcap } from '../support/captures.ts';
import { ethernet, tcp } from '../support/frames.ts';
import { keptProgram } from './kept.ts';
import { expectFailure, expectNoRemains, firstPackets, jsonRows, sample, samples, temporaryFolder } from './run.ts';

const flowlamp = keptProgram();
const folder = temporaryFolder();
const demo = sample('demo.pcap');
afterAll(() => {
  expectNoRemains(folder.path);
  folder.remove();
});

const kindsOf = (text: string) => jsonRows(text).map((row) => row['row_kind']);
const count = (kinds: readonly unknown[], kind: string) => kinds.filter((one) => one === kind).length;

describe('--emit', () => {
  test('once gives rows of that kind only; several times, of each kind', async () => {
    const columns = ['--columns', 'row_kind,end_reason,fwd_packets,bwd_packets'];
    const [prefix, all] = await Promise.all([
      flowlamp(['extract', demo, '--emit', 'prefix:3', ...columns]),
      flowlamp([
        'extract',
        demo,
        '--emit',
        'end',
        '--emit',
        'prefix:3',
        '--emit',
        'prefix:1',
        '--emit',
        'interval:2',
        ...columns,
      ]),
    ]);
    expect(prefix.code).toBe(0);
    for (const row of jsonRows(prefix.stdout)) {
      expect(row).toMatchObject({ row_kind: 'prefix', end_reason: null });
      expect(Number(row['fwd_packets']) + Number(row['bwd_packets'])).toBe(3);
    }
    const kinds = kindsOf(all.stdout);
    expect(count(kinds, 'end')).toBe(16);
    expect(count(kinds, 'prefix')).toBe(16 + jsonRows(prefix.stdout).length);
    expect(count(kinds, 'interval')).toBeGreaterThan(0);
    expect(all.stderr).toMatch(/16 flows in \d+ rows; /);
  });

  test('is end if it is not given, and scored as any row', async () => {
    const [plain, end, scored] = await Promise.all([
      flowlamp(['extract', demo]),
      flowlamp(['extract', demo, '--emit', 'end']),
      flowlamp(['score', demo, '--emit', 'prefix:5', '-f', 'jsonl']),
    ]);
    expect(end.stdout).toBe(plain.stdout);
    expect(new Set(kindsOf(scored.stdout))).toEqual(new Set(['prefix']));
    expect(jsonRows(scored.stdout)[0]).toHaveProperty('verdict');
  });

  test('of no known kind, or a second interval, is a usage error', async () => {
    const [kind, second] = await Promise.all([
      flowlamp(['extract', demo, '--emit', 'ends']),
      flowlamp(['score', demo, '--emit', 'interval:1', '--emit', 'interval:2']),
    ]);
    expect([kind.code, second.code]).toEqual([2, 2]);
    expect(kind.stderr).toContain('expected end, prefix:N or interval:SECONDS');
    expect(second.stderr).toContain('one interval only');
    expect(kind.stdout + second.stdout).toBe('');
  });
});

test('--key-vlan makes flows of different VLANs different flows', async () => {
  const frame = (id: number) => ethernet(tcp({ from: '10.0.0.1:4000', to: '10.0.0.2:80' }).subarray(14), id);
  const path = folder.at('vlans.pcap');
  writeFileSync(path, pcap([5, 6, 5].map((id, i) => ({ at: i, bytes: frame(id) }))));
  const [together, apart, scored] = await Promise.all([
    flowlamp(['extract', path, '--columns', 'vlan_id']),
    flowlamp(['extract', path, '--columns', 'vlan_id', '--key-vlan']),
    flowlamp(['score', path, '-f', 'jsonl', '--columns', 'vlan_id', '--key-vlan']),
  ]);
  expect(jsonRows(together.stdout)).toEqual([{ vlan_id: 5 }]);
  const ids = ({ stdout }: { stdout: string }) => jsonRows(stdout).map((row) => row['vlan_id']);
  expect(ids(apart).sort()).toEqual([5, 6]);
  expect(ids(scored).sort()).toEqual([5, 6]);
});

describe('--jobs', () => {
  const kinds = ['--emit', 'end', '--emit', 'prefix:4', '--emit', 'interval:20'];
  const captures = [1, 2, 3, 4].map((number) => folder.at(`test-0${number}.pcap`));
  beforeAll(() => {
    for (const path of captures) writeFileSync(path, firstPackets(`${basename(path)}.gz`, 3000));
  });

  test.each(['jsonl', 'arrow'])('writes the same %s for every number', async (format) => {
    const paths = await Promise.all(
      ['1', '3'].map(async (jobs) => {
        const path = folder.at(`jobs-${jobs}.${format}`);
        const outcome = await flowlamp(['extract', ...captures, ...kinds, '--jobs', jobs, '--label', 'x', '-o', path]);
        expect(outcome.code).toBe(0);
        expect(outcome.stderr).toMatch(/^4 captures: [\d,]+ packets; [\d,]+ flows in [\d,]+ rows; /);
        return path;
      }),
    );
    const [one, ...others] = paths.map((path) => readFileSync(path));
    for (const other of others) expect(other.equals(one!)).toBe(true);
  });

  test('of which more than one split a single capture writes the same', async () => {
    const gzip = folder.at('demo.pcap.gz');
    writeFileSync(gzip, gzipSync(readFileSync(demo)));
    for (const path of [demo, gzip]) {
      const outcomes = await Promise.all(
        ['1', '2', '5'].map((jobs) => flowlamp(['extract', path, ...kinds, '--jobs', jobs, '--label', 'x'])),
      );
      const [one, ...others] = outcomes.map(({ code, stdout, stderr }) => ({
        code,
        stdout,
        stderr: stderr.replace(/\d+\.\d\d s/, ''),
      }));
      expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('"label":"x"') });
      for (const other of others) expect(other).toEqual(one);
    }
  });

  test('scores the same, flow tables among the captures and standard input included', async () => {
    const table = folder.at('table.csv');
    expect((await flowlamp(['extract', captures[0]!, '-o', table])).code).toBe(0);
    const inputs = [demo, table, captures[1]!, '-', captures[2]!, demo];
    const input = gzipSync(readFileSync(captures[3]!)); // compressed, as it may come
    const [one, three] = await Promise.all(
      ['1', '3'].map((jobs) => flowlamp(['score', ...inputs, '-f', 'jsonl', '--jobs', jobs], { input })),
    );
    expect(one!.code).toBe(0);
    expect(one!.stdout).not.toBe('');
    expect(three!.stdout).toBe(one!.stdout);
    expect(three!.stderr.replace(/\d+\.\d\d s/, '')).toBe(one!.stderr.replace(/\d+\.\d\d s/, ''));
  });

  test('labels from a manifest are the same', async () => {
    const inputs = [demo, sample('test-02.pcap.gz')];
    const [one, two] = await Promise.all(
      ['1', '2'].map((jobs) => flowlamp(['extract', ...inputs, '--labels', sample('manifest.json'), '--jobs', jobs])),
    );
    expect(one!.stdout).toContain('"label":"mining"');
    expect(two!.stdout).toBe(one!.stdout);
  });

  describe('with one bad capture', () => {
    const cut = folder.at('cut.pcap');
    const noise = folder.at('noise.pcap');
    beforeAll(() => {
      writeFileSync(cut, readFileSync(demo).subarray(0, -5));
      writeFileSync(noise, 'no capture at all');
    });

    test('fails as without, and leaves no output file', async () => {
      for (const jobs of ['1', '3']) {
        const path = folder.at(`bad-${jobs}.csv`);
        const outcome = await flowlamp(['extract', demo, noise, captures[0]!, '--jobs', jobs, '-o', path]);
        expectFailure(outcome, 'NOT_A_CAPTURE');
        expect(() => readFileSync(path)).toThrow('ENOENT');
      }
    });

    test('that is cut off warns in the same place, and fails under --strict', async () => {
      const inputs = [captures[0]!, cut, captures[1]!];
      const [one, three, strict] = await Promise.all([
        flowlamp(['extract', ...inputs]),
        flowlamp(['extract', ...inputs, '--jobs', '3']),
        flowlamp(['extract', ...inputs, '--jobs', '3', '--strict', '-o', folder.at('strict.csv')]),
      ]);
      expect(three!.stdout).toBe(one!.stdout);
      expect(three!.stderr.split('\n')[0]).toBe(one!.stderr.split('\n')[0]);
      expect(three!.stderr).toContain('cut.pcap');
      expectFailure(strict!, 'CAPTURE_DAMAGED');
    });
  });

  test('a reader who leaves early ends it quietly', async () => {
    const outcome = await flowlamp(['extract', samples, '--jobs', '4'], { meddle: (child) => child.stdout!.destroy() });
    expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('of none is a usage error', async () => {
    expect((await flowlamp(['extract', demo, '--jobs', '0'])).code).toBe(2);
  });
});
