/** A folder into which the tests write as sensors do: rings, renames, compression, and much that is none of it. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { WatchConfig } from '../../../serve/sources/config.ts';
import { WatchFolder } from '../../../serve/sources/watch-folder.ts';
import { defaultJournal } from '../../../serve/sources/watch-journal.ts';
import { pcap } from '../../support/captures.ts';
import { pcapngOf } from '../../support/pcapng-of.ts';
import { captureOf, KeepingSink, numbered, runApart, scratch, soon, start } from './support.ts';

const upTo = (end: number, first = 0) => Array.from({ length: end - first }, (_, i) => first + i);
/** Old enough to be whole. */
const LONG_AGO = new Date('2024-01-01');

function ring() {
  const { path, at } = scratch();
  const folder = `${path}/ring`;
  mkdirSync(folder);
  const journal = at('journal.json');
  const place = (name: string) => `${folder}/${name}`;
  const put = (name: string, bytes: Uint8Array, isOld = true) => {
    writeFileSync(place(name), bytes);
    if (isOld) utimesSync(place(name), LONG_AGO, LONG_AGO);
  };
  const open = (more: Partial<WatchConfig> = {}) =>
    new WatchFolder({
      kind: 'watch',
      folder,
      journal,
      pollSeconds: 0.02,
      quietSeconds: 3600,
      overlapSeconds: 0,
      ...more,
    });
  const noted = () => {
    const { files } = JSON.parse(readFileSync(journal, 'utf8')) as { files: { name: string; isBroken: boolean }[] };
    return files.map(({ name, isBroken }) => `${name}${isBroken ? ' (broken)' : ''}`).sort();
  };
  return { folder, journal, place, put, open, noted };
}

describe('what is there', () => {
  test('is read in the order of its first packets, whatever it is called, plain, packed or pcapng', async () => {
    const { put, open, noted } = ring();
    put('a.pcap', captureOf(30, 40));
    put('z.pcap', captureOf(0, 10));
    put('m.pcap.gz', gzipSync(captureOf(10, 20)));
    put('b.pcapng', pcapngOf(captureOf(20, 30)));
    const source = open();
    const { sink } = start(source);
    await soon(() => sink.numbers).toEqual(upTo(40));
    await soon(noted).toEqual(['a.pcap', 'b.pcapng', 'm.pcap.gz', 'z.pcap']);
    expect(source.counters).toMatchObject({ streams: 4, filesSkipped: 0, filesBroken: 0, filesWaiting: 0 });
  });

  test('is read once: not again under another name, after a restart, or as a compressed copy', async () => {
    const { put, open, place, noted } = ring();
    put('one.pcap', captureOf(0, 10));
    put('two.pcap', captureOf(10, 20));
    const first = start(open());
    await soon(noted).toEqual(['one.pcap', 'two.pcap']);
    renameSync(place('one.pcap'), place('one.old'));
    writeFileSync(place('two.pcap.gz'), gzipSync(readFileSync(place('two.pcap'))));
    put('three.pcap', captureOf(20, 30));
    await soon(noted).toEqual(expect.arrayContaining(['three.pcap', 'two.pcap.gz']));
    rmSync(place('two.pcap'));
    await first.stop();
    expect(first.sink.numbers).toEqual(upTo(30));
    const second = start(open());
    put('four.pcap', captureOf(30, 35));
    await soon(() => second.sink.numbers).toEqual(upTo(35, 30));
  });

  test('what is no capture, broken, or not to be read is told once, noted, and holds nothing up', async () => {
    const { put, open, place, noted, folder } = ring();
    const bad = captureOf(0, 9);
    new DataView(bad.buffer).setUint32(24 + 4 * (16 + 106) + 8, 0x7fffffff, true);
    put('bad.pcap', bad);
    put('notes.txt', new TextEncoder().encode('nothing of packets'));
    put('empty.pcap', new Uint8Array(0));
    put('good.pcap', captureOf(50, 60));
    mkdirSync(place('sub.pcap'));
    execFileSync('mkfifo', [place('fifo.pcap')]);
    put('.hidden.pcap', captureOf(0, 5));
    const outside = scratch().at('outside.pcap');
    writeFileSync(outside, captureOf(70, 80));
    symlinkSync(outside, place('link.pcap'));
    const source = open();
    const { sink, told, stop } = start(source);
    await soon(() => sink.numbers.slice(-10)).toEqual(upTo(60, 50));
    expect(sink.numbers.slice(0, -10)).toEqual(upTo(4));
    await soon(noted).toEqual(['bad.pcap (broken)', 'good.pcap', 'notes.txt (broken)']);
    expect(told()).toMatch(/bad\.pcap is damaged \(a record with an impossible length\)/);
    expect(told()).toMatch(/notes\.txt is no capture; it is left alone/);
    expect(source.counters.filesBroken).toBe(2);
    await stop();
    const again = start(open({ followLinks: true }));
    await soon(() => again.sink.numbers).toEqual(upTo(80, 70));
    expect(again.told()).toBe('');
    expect(existsSync(folder)).toBe(true);
  });

  test.skipIf(process.getuid?.() === 0)('a file that becomes readable is read', async () => {
    const { put, open, place } = ring();
    put('closed.pcap', captureOf(0, 5));
    chmodSync(place('closed.pcap'), 0);
    const { sink, told } = start(open());
    await soon(told).toMatch(/cannot be read \(EACCES\)/);
    chmodSync(place('closed.pcap'), 0o600);
    await soon(() => sink.numbers).toEqual(upTo(5));
  });
});

describe('what grows', () => {
  test('is read as it grows, cut anywhere, and the flow of packets goes on in the next file', async () => {
    const { put, open, place } = ring();
    const all = captureOf(0, 10);
    put('0.pcap', all.slice(0, 10), false);
    const { sink } = start(open());
    for (const end of [24, 24 + 122 * 3 + 7, 24 + 122 * 6 - 1, all.length]) {
      writeFileSync(place('0.pcap'), all.slice(0, end), { flag: 'w' });
      await soon(() => sink.numbers.length).toBe(Math.max(0, Math.floor((end - 24) / 122)));
    }
    put('1.pcap', captureOf(10, 12), false);
    await soon(() => sink.numbers).toEqual(upTo(12));
    expect(sink.names.map((name) => name.slice(-6))).toEqual(['0.pcap', '1.pcap']);
  });

  test.each(['pcap', 'pcapng'])(
    'a %s that goes on after a later one has begun is gone on with, nothing twice',
    async (kind) => {
      const { open, place } = ring();
      const file = (first: number, end: number) =>
        kind === 'pcap' ? captureOf(first, end) : pcapngOf(captureOf(first, end));
      const [a, b] = [file(0, 10), file(5, 15)];
      const half = file(0, 5).length;
      writeFileSync(place('thread-1'), a.slice(0, half));
      writeFileSync(place('thread-2'), b.slice(0, file(5, 8).length));
      const { sink } = start(open());
      await soon(() => sink.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      appendFileSync(place('thread-1'), a.slice(half));
      await soon(() => sink.numbers.length).toBe(13);
      appendFileSync(place('thread-2'), b.slice(file(5, 8).length));
      await soon(() => sink.numbers.length).toBe(20);
      expect(sink.numbers.slice(8)).toEqual([5, 6, 7, 8, 9, ...upTo(15, 8)]);
      expect(sink.damages.every((damage) => damage === 'none')).toBe(true);
    },
  );

  test('a file that only grows at the end of its silence is whole: the packet in it is not kept waiting for another', async () => {
    const { put, open, noted } = ring();
    put('one.pcap', captureOf(0, 1), false);
    const { sink } = start(open({ quietSeconds: 0.05 }));
    await soon(() => sink.numbers).toEqual([0]);
    await soon(noted).toEqual(['one.pcap']);
  });

  test('the last packet may be cut: the rest of the file counts, and it is whole', async () => {
    const { put, open, noted } = ring();
    put('cut.pcap', captureOf(0, 10).slice(0, -20));
    put('next.pcap', captureOf(10, 12));
    const { sink, told } = start(open());
    await soon(noted).toEqual(['cut.pcap', 'next.pcap']);
    expect(sink.numbers).toEqual([...upTo(9), 10, 11]);
    expect(told()).toBe('');
  });

  test('a clock that goes back: the file is read, though others that are later have been', async () => {
    const { put, open, noted } = ring();
    put('now.pcap', captureOf(1000, 1010));
    const { sink } = start(open());
    await soon(() => sink.numbers.length).toBe(10);
    put('earlier.pcap', captureOf(0, 10), false);
    await soon(() => sink.numbers).toEqual([...upTo(1010, 1000), ...upTo(10)]);
    await soon(noted).toContain('earlier.pcap');
  });
});

describe('a ring', () => {
  test('that uses a name again, or an inode, brings another file', async () => {
    const { put, open, place } = ring();
    put('ring0', captureOf(0, 10));
    put('ring1', captureOf(10, 20));
    const source = open();
    const { sink } = start(source);
    await soon(() => sink.numbers).toEqual(upTo(20));
    // As tcpdump -W does: the same file, emptied and written anew.
    truncateSync(place('ring0'));
    appendFileSync(place('ring0'), captureOf(20, 40));
    await soon(() => sink.numbers).toEqual(upTo(40));
    expect(source.counters.filesSkipped).toBe(0);
  });

  test('that deletes what has not been read is told of, and counted', async () => {
    const { put, open, place } = ring();
    put('a', captureOf(0, 10));
    for (const name of ['b', 'c', 'd']) put(name, captureOf(name.charCodeAt(0), name.charCodeAt(0) + 5));
    const sink = new KeepingSink();
    let goOn: () => void = () => undefined;
    sink.onPiece = () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      });
    const source = open();
    const { told } = start(source, sink);
    await soon(() => sink.pieces).toBe(1);
    // `a` is open and can be read to its end, whatever becomes of its name.
    for (const name of ['a', 'b', 'c']) rmSync(place(name));
    sink.onPiece = () => undefined;
    goOn();
    await soon(() => sink.numbers.slice(-5)).toEqual(upTo(105, 100));
    expect(sink.numbers.slice(0, -5)).toEqual(upTo(10));
    await soon(() => source.counters.filesSkipped).toBe(2);
    expect(told()).toMatch(/warn: watch .*: b and 1 more: deleted or overwritten before the end was read/);
  });

  test('that compresses a file before it was read: the packed one is read instead', async () => {
    const { put, open, place } = ring();
    put('a', captureOf(0, 10));
    put('b', captureOf(10, 20));
    const sink = new KeepingSink();
    let goOn: () => void = () => undefined;
    sink.onPiece = () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      });
    const source = open();
    start(source, sink);
    await soon(() => sink.pieces).toBe(1);
    put('b.gz', gzipSync(readFileSync(place('b'))));
    rmSync(place('b'));
    sink.onPiece = () => undefined;
    goOn();
    await soon(() => sink.numbers.filter((number) => number >= 10)).toEqual(upTo(20, 10));
    expect(source.counters.filesSkipped).toBe(0);
  });
});

describe('restarts', () => {
  test('after SIGKILL what was not whole is read again from its beginning, and nothing is skipped', async () => {
    const { put, open, place, noted, folder, journal } = ring();
    put('0', captureOf(0, 10));
    const all = captureOf(10, 30);
    put('1', all.slice(0, 24 + 122 * 10), false);
    const config = { kind: 'watch', folder, journal, pollSeconds: 0.02, overlapSeconds: 0 };
    const child = await runApart(
      'serve/sources/watch-folder.ts',
      `let bytes = 0;
      const sink = { begin() {}, end() {}, write(piece) { bytes += piece.length; if (bytes >= 2 * (24 + 122 * 10)) console.log('read'); } };
      await new source.WatchFolder(${JSON.stringify(config)}).run(sink, new AbortController().signal, console.error);`,
    );
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    await soon(noted).toEqual(['0']);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    appendFileSync(place('1'), all.slice(24 + 122 * 10));
    const { sink } = start(open());
    await soon(() => sink.numbers).toEqual(upTo(30, 10));
  });

  test('files whose flows may go on are not noted before their time, but when the sidecar has judged all', async () => {
    const { put, open, noted } = ring();
    put('0', captureOf(0, 10));
    put('1', captureOf(10, 20), false);
    const careful = { overlapSeconds: 3600 };
    const crashed = start(open(careful));
    await soon(() => crashed.sink.numbers).toEqual(upTo(20));
    await crashed.stop();
    expect(noted()).toEqual([]);
    const source = open(careful);
    const drained = start(source);
    await soon(() => drained.sink.numbers).toEqual(upTo(20));
    await drained.stop();
    source.settled();
    expect(noted()).toEqual(['0', '1']);
    put('2', captureOf(20, 30));
    const after = start(open(careful));
    await soon(() => after.sink.numbers).toEqual(upTo(30, 20));
  });

  test('a stopped one goes on in the middle of a file', async () => {
    const { put, open, place } = ring();
    const all = captureOf(0, 20);
    put('0', all.slice(0, 24 + 122 * 10 + 5), false);
    const source = open();
    const first = start(source);
    await soon(() => first.sink.numbers).toEqual(upTo(10));
    await first.stop();
    source.settled();
    appendFileSync(place('0'), all.slice(24 + 122 * 10 + 5));
    const second = start(open());
    await soon(() => second.sink.numbers).toEqual(upTo(20, 10));
  });

  test('a journal of rubbish is put aside, and all is read', async () => {
    const { put, open, journal, folder } = ring();
    put('0', captureOf(0, 3));
    const alien = JSON.stringify({ version: 1, folder, files: [{ id: 1 }] });
    for (const rubbish of ['', '{"version":1', 'null', '{"version":9,"files":[]}', alien]) {
      writeFileSync(journal, rubbish);
      const { sink, told, stop } = start(open());
      await soon(() => sink.numbers).toEqual([0, 1, 2]);
      expect(told()).toMatch(/journal .* cannot be read; it is put aside/);
      await stop();
    }
  });

  test('the journal of another folder is refused', async () => {
    const [one, other] = [ring(), ring()];
    await start(one.open({ pollSeconds: 0.02 })).stop();
    await expect(start(other.open({ journal: one.journal })).ended).rejects.toThrow(/is the journal of/);
  });

  test('the journal forgets files that are no more than the folder holds', async () => {
    const { put, open, noted, place } = ring();
    put('0', captureOf(0, 3));
    const { sink } = start(open());
    await soon(noted).toEqual(['0']);
    truncateSync(place('0'));
    appendFileSync(place('0'), captureOf(5, 9));
    await soon(() => sink.numbers.length).toBe(7);
    expect(noted().length).toBeLessThanOrEqual(1);
  });
});

test('many files: each once', async () => {
  const { put, open } = ring();
  for (let i = 0; i < 500; i++) put(`f${i}`, pcap([numbered(i)]));
  const source = open({ pollSeconds: 0.05 });
  const { sink } = start(source);
  await soon(() => sink.numbers.length).toBe(500);
  expect(sink.numbers).toEqual(upTo(500));
});

test('what is no folder is refused', () => {
  const { place, put, open } = ring();
  put('0', captureOf(0, 1));
  expect(() => open({ folder: place('0') })).toThrow(/is no folder/);
  expect(() => open({ folder: place('none') })).toThrow(/does not exist/);
  expect(() => open({ quietSeconds: -1 })).toThrow(/no time/);
});

test('the journal lies where state does', () => {
  expect(defaultJournal('/x', { STATE_DIRECTORY: '/var/lib/flowlamp' })).toMatch(
    /^\/var\/lib\/flowlamp\/watch-[0-9a-f]{16}\.json$/,
  );
  expect(defaultJournal('/x', { XDG_STATE_HOME: '/s' })).toMatch(/^\/s\/flowlamp\/watch-/);
});
