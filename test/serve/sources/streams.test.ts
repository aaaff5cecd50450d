/** Streams that others begin: standard input and FIFOs, TCP, files that are replayed, and the addon. */
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { BackOff } from '../../../serve/sources/back-off.ts';
import { CapAddon, type CapHandle } from '../../../serve/sources/cap-addon.ts';
import { openSource } from '../../../serve/sources/open-source.ts';
import { Pace, PacketMarks } from '../../../serve/sources/packet-pace.ts';
import { PcapOverIp, readAddress } from '../../../serve/sources/pcap-over-ip.ts';
import { concat } from '../../support/bytes.ts';
import { pcap } from '../../support/captures.ts';
import { pcapngOf } from '../../support/pcapng-of.ts';
import { captureOf, KeepingSink, numbered, runApart, scratch, soon, start } from './support.ts';

const upTo = (end: number, first = 0) => Array.from({ length: end - first }, (_, i) => first + i);

describe('--pcap', () => {
  const fifo = () => {
    const path = scratch().at('fifo');
    execFileSync('mkfifo', [path]);
    return path;
  };

  test('a FIFO, whose writer may come late: to its end', async () => {
    const path = fifo();
    const source = openSource({ kind: 'pcap', path });
    expect(source.isLive).toBe(true);
    const { sink, ended } = start(source);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const writer = createWriteStream(path);
    const all = captureOf(0, 2000);
    for (let at = 0; at < all.length; at += 10_001) writer.write(all.subarray(at, at + 10_001));
    writer.end();
    await ended;
    expect(sink.numbers).toEqual(upTo(2000));
    expect(sink.isOpen).toBe(false);
    expect(source.counters).toMatchObject({ streams: 1, bytes: all.length, captureDrops: null });
  });

  test('a FIFO to which nobody comes can be given up', async () => {
    const { stop, sink } = start(openSource({ kind: 'pcap', path: fifo() }));
    await stop();
    expect(sink.names).toEqual([]);
  });

  test.each([
    ['gzip', gzipSync(captureOf(0, 50))],
    ['pcapng, two sections after each other', concat(pcapngOf(captureOf(0, 25)), pcapngOf(captureOf(25, 50)))],
  ])('a file: %s', async (_what, bytes) => {
    const path = scratch().at('file');
    writeFileSync(path, bytes);
    const source = openSource({ kind: 'pcap', path });
    expect(source.isLive).toBe(false);
    const { sink, ended } = start(source);
    await ended;
    expect(sink.numbers).toEqual(upTo(50));
  });

  test('gzip through a FIFO, cut off: what could be unpacked, and a warning', async () => {
    const path = fifo();
    const { sink, ended, told } = start(openSource({ kind: 'pcap', path }));
    const noise = pcap(Array.from({ length: 500 }, (_, i) => numbered(i * 2654435761)));
    writeFileSync(path, gzipSync(noise).subarray(0, -300));
    await ended;
    expect(sink.numbers.length).toBeGreaterThan(10);
    expect(told()).toMatch(/^warn: .* was packed and ends too early/);
  });

  test('a sink without room holds a file up', async () => {
    const path = scratch().at('file');
    writeFileSync(path, captureOf(0, 10_000));
    const sink = new KeepingSink();
    let inside = 0;
    sink.onPiece = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await start(openSource({ kind: 'pcap', path }), sink).ended;
    expect(sink.numbers.length).toBe(10_000);
    expect(sink.pieces).toBeGreaterThan(3);
  });

  test('standard input', async () => {
    const child = await runApart(
      'serve/sources/open-source.ts',
      `let bytes = 0;
      const sink = { begin(name) { console.log('begin', name); }, write(piece) { bytes += piece.length; }, end() { console.log('end', bytes); } };
      await source.openSource({ kind: 'pcap', path: '-' }).run(sink, new AbortController().signal, console.log);`,
      (file) => {
        const piped = spawn('sh', ['-c', `cat | ${process.execPath} ${file}`], { stdio: 'pipe' });
        piped.stdin.end(captureOf(0, 5000));
        return piped;
      },
    );
    let said = '';
    for await (const text of child.stdout!) said += text;
    expect(said).toBe(`begin standard input\nend ${captureOf(0, 5000).length}\n`);
  });

  test('what is no capture, nothing, or no stream is an error', async () => {
    const { path, at } = scratch();
    writeFileSync(at('rubbish'), 'rubbish');
    writeFileSync(at('empty'), '');
    const run = (name: string) => start(openSource({ kind: 'pcap', path: at(name) })).ended;
    await expect(run('rubbish')).rejects.toMatchObject({ code: 'NOT_A_CAPTURE' });
    await expect(run('empty')).rejects.toMatchObject({ code: 'FILE_EMPTY' });
    expect(() => openSource({ kind: 'pcap', path: at('none') })).toThrow(/does not exist/);
    expect(() => openSource({ kind: 'pcap', path })).toThrow(/is a folder/);
  });
});

describe('--pcap-over-ip', () => {
  const FAST = { backOff: { leastMs: 20, mostMs: 50, healthyMs: 60_000 }, handshakeMs: 2_000 };
  const servers = new Set<Server>();
  afterEach(() => {
    for (const server of servers) server.close();
    servers.clear();
  });

  /** Serves each connection by the next of `turns`, the last over and over. */
  async function serve(...turns: ((socket: Socket) => void)[]): Promise<number> {
    let turn = 0;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      turns[Math.min(turn++, turns.length - 1)]!(socket);
    });
    servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }
  const client = (port: number, timing = {}) =>
    new PcapOverIp({ kind: 'pcap-over-ip', address: `127.0.0.1:${port}` }, { ...FAST, ...timing });

  test('closed in the middle of a record, it is connected to again, and a new stream begins', async () => {
    const port = await serve(
      (socket) => socket.end(captureOf(0, 10).subarray(0, -30)),
      (socket) => socket.write(captureOf(20, 30)),
    );
    const source = client(port);
    const { sink, told } = start(source);
    await soon(() => sink.numbers).toEqual([...upTo(9), ...upTo(30, 20)]);
    expect(sink.damages).toEqual(['cut off in the middle of a record']);
    expect(source.counters).toMatchObject({ restarts: 1, streams: 2 });
    expect(told()).toMatch(/info: .* connected\nwarn: .*: the connection was closed; connected to again in 0\.\d s/);
  });

  test('what is no capture, a reset, and silence are given up; the next connection is tried', async () => {
    const port = await serve(
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      (socket) => socket.resetAndDestroy(),
      () => undefined,
      (socket) => socket.write(captureOf(0, 5)),
    );
    const source = client(port, { handshakeMs: 100 });
    const { sink, told } = start(source);
    await soon(() => sink.numbers).toEqual(upTo(5));
    expect(sink.names.length).toBe(1);
    expect(source.counters.restarts).toBe(3);
    expect(told()).toMatch(/is no capture; connected[\s\S]*ECONNRESET[\s\S]*no capture within 0\.1 s; connected/);
  });

  test('a server that is not there yet is waited for', async () => {
    const { told } = start(client(1));
    await soon(told).toMatch(/ECONNREFUSED\); connected to again in[\s\S]*ECONNREFUSED/);
  });

  test('listening: one sensor at a time, then the next', async () => {
    const source = new PcapOverIp({ kind: 'pcap-over-ip', address: 'listen:127.0.0.1:0' }, FAST);
    const { sink, told, stop } = start(source);
    await soon(() => source.listeningPort).not.toBeNull();
    const sensor = () => connect(source.listeningPort!, '127.0.0.1').on('error', () => undefined);
    const one = sensor();
    one.write(captureOf(0, 3));
    await soon(() => sink.numbers).toEqual(upTo(3));
    sensor().write(captureOf(90, 99));
    await soon(told).toMatch(/was turned away: another sensor is connected/);
    one.end();
    await soon(told).toMatch(/listening for the next sensor/);
    const two = sensor();
    two.write(captureOf(3, 6));
    await soon(() => sink.numbers).toEqual(upTo(6));
    await stop();
    expect(sink.isOpen).toBe(false);
    expect(source.counters).toMatchObject({ streams: 2, restarts: 1 });
  });

  test('addresses', () => {
    expect(readAddress('sensor.example:57012')).toEqual({ host: 'sensor.example', port: 57012, isListening: false });
    expect(readAddress('10.0.0.1')).toEqual({ host: '10.0.0.1', port: 57012, isListening: false });
    expect(readAddress('[::1]:1234')).toEqual({ host: '::1', port: 1234, isListening: false });
    expect(readAddress('listen:4000')).toEqual({ host: '127.0.0.1', port: 4000, isListening: true });
    expect(readAddress('listen:0.0.0.0:4000')).toEqual({ host: '0.0.0.0', port: 4000, isListening: true });
    for (const wrong of ['', ':1', 'host:0', 'host:65536', 'a b:1', 'http://x/', 'listen:', '::1:5']) {
      expect(() => readAddress(wrong), wrong).toThrow(/is no address/);
    }
  });
});

describe('--replay', () => {
  const at = (...seconds: number[]) => pcap(seconds.map((second, i) => numbered(i, second)));

  /** Plays files and notes when each packet came, ms since the start. */
  async function played(speed: number, ...files: Uint8Array[]) {
    const folder = scratch();
    const inputs = files.map((bytes, i) => {
      writeFileSync(folder.at(`${i}.pcap`), bytes);
      return folder.at(`${i}.pcap`);
    });
    const sink = new KeepingSink();
    const when: number[] = [];
    sink.onPiece = () => {
      while (when.length < sink.numbers.length) when.push(performance.now());
    };
    const started = performance.now();
    const { ended, told } = start(openSource({ kind: 'replay', inputs, speed }), sink);
    await ended;
    return { sink, told, when: when.map((time) => time - started) };
  }

  test.each([
    ['pcap', (bytes: Uint8Array) => bytes],
    ['pcapng', pcapngOf],
    ['gzip', (bytes: Uint8Array) => gzipSync(bytes)],
  ])('%s at a multiple of its pace: no packet comes before its time', async (_what, form) => {
    const seconds = [0, 0.1, 0.2, 1, 1.001, 3];
    const { when, sink } = await played(20, form(at(...seconds)));
    expect(sink.numbers).toEqual(upTo(6));
    for (const [i, second] of seconds.entries())
      expect(when[i]! + 2, `packet ${i}`).toBeGreaterThanOrEqual(second * 50);
  });

  test('as fast as can be, all files in order', async () => {
    const { sink, when } = await played(0, captureOf(0, 5000), captureOf(5000, 6000));
    expect(sink.numbers).toEqual(upTo(6000));
    expect(when.at(-1)).toBeLessThan(5_000);
  });

  test('the pace goes on from file to file, back in time begins anew, and pauses have an end', () => {
    const pace = new Pace(2);
    const s = 1e6;
    expect(pace.waitFor(10 * s, 0)).toEqual({ ms: 0, isCut: false });
    expect(pace.waitFor(12 * s, 100)).toEqual({ ms: 900, isCut: false });
    expect(pace.waitFor(11.5 * s, 1000)).toEqual({ ms: 0, isCut: false });
    expect(pace.waitFor(14 * s, 1000)).toEqual({ ms: 1000, isCut: false });
    expect(pace.waitFor(5 * s, 2000)).toEqual({ ms: 0, isCut: false });
    expect(pace.waitFor(6 * s, 2000)).toEqual({ ms: 500, isCut: false });
    expect(pace.waitFor(1e12, 2500)).toEqual({ ms: 60_000, isCut: true });
    expect(pace.waitFor(1e12 + 2 * s, 62_500)).toEqual({ ms: 1000, isCut: false });
  });

  test('wherever pieces are cut, the parts are the capture, and each packet lies in the part of its time or a later one', () => {
    const bytes = captureOf(0, 50);
    for (const size of [1, 7, 100, 122, 1000, bytes.length]) {
      const marks = new PacketMarks('x', 1000);
      // The first is due at once.
      let behind = 0;
      for (let from = 0; from < bytes.length; from += size) {
        const piece = bytes.slice(from, from + size);
        let last = 0;
        for (const { end, us } of marks.partsOf(piece)) {
          expect(end).toBeGreaterThanOrEqual(last);
          last = end;
          // What ends in this part is due at its time at the latest.
          const whole = Math.floor((from + end - 24) / 122) - 1;
          if (us !== null) behind = Math.max(behind, us / 1e6 - 1_700_000_000);
          expect(whole).toBeLessThanOrEqual(Math.round(behind));
        }
        expect(last).toBe(piece.length);
      }
    }
  });

  test('what cannot be replayed', () => {
    const replay =
      (speed: number, ...inputs: string[]) =>
      () =>
        openSource({ kind: 'replay', inputs, speed });
    expect(replay(-1, 'x')).toThrow(/times as fast/);
    expect(replay(Number.NaN, 'x')).toThrow(/times as fast/);
    expect(replay(1, '-')).toThrow(/standard input cannot be replayed/);
    expect(replay(1, '/nowhere.pcap')).toThrow(/does not exist/);
  });
});

describe('--capture cap', () => {
  function fakeCap(linkType: string) {
    const handles: {
      take: (bytes: number, isTruncated: boolean) => void;
      frame: Buffer;
      opened: unknown[];
      isClosed: boolean;
    }[] = [];
    class Cap implements CapHandle {
      readonly #state = {
        take: (): void => undefined,
        frame: Buffer.alloc(0),
        opened: [] as unknown[],
        isClosed: false,
      };
      open(device: string, filter: string, bufferBytes: number, frame: Buffer): string {
        if (device === 'eth9') throw new Error('No such device exists');
        Object.assign(this.#state, { opened: [device, filter, bufferBytes], frame });
        handles.push(this.#state);
        return linkType;
      }
      on(_event: 'packet', take: (bytes: number, isTruncated: boolean) => void): void {
        Object.assign(this.#state, { take });
      }
      close(): void {
        this.#state.isClosed = true;
      }
    }
    return { handles, load: async () => ({ default: { Cap } }) };
  }

  test('its packets become a capture, with the time of their arrival; its limits are told', async () => {
    const { handles, load } = fakeCap('ETHERNET');
    const source = new CapAddon({ kind: 'cap', interface: 'eth0', filter: 'tcp' }, load);
    const { sink, told, stop } = start(source);
    await soon(() => handles.length).toBe(1);
    const { frame, take } = handles[0]!;
    for (const number of [7, 8, 9]) {
      const { bytes } = numbered(number);
      frame.set(bytes);
      take(bytes.length, false);
    }
    await soon(() => sink.numbers).toEqual([7, 8, 9]);
    expect(Math.abs(sink.times[0]! + 1_700_000_000 - Date.now() / 1000)).toBeLessThan(60);
    expect(handles[0]!.opened).toEqual(['eth0', 'tcp', 16_384 * 1024]);
    expect(told()).toMatch(/what the kernel loses is not counted/);
    await stop();
    expect(handles[0]!.isClosed).toBe(true);
    expect(source.counters).toMatchObject({ captured: 3, captureDrops: 0 });
  });

  test('while there is no room packets are lost, and counted', async () => {
    const { handles, load } = fakeCap('RAW');
    const sink = new KeepingSink();
    sink.onPiece = () => new Promise(() => undefined);
    const source = new CapAddon({ kind: 'cap', interface: 'eth0' }, load);
    source.run(sink, new AbortController().signal, () => undefined);
    await soon(() => sink.pieces).toBe(1);
    for (let i = 0; i < 1000; i++) handles[0]!.take(60_000, false);
    expect(source.counters.captureDrops).toBeGreaterThan(500);
  });

  test('absent, or unable: a clear error', async () => {
    const { load } = fakeCap('SOMETHING');
    const run = (name: string, importer: (name: string) => Promise<unknown>) =>
      start(new CapAddon({ kind: 'cap', interface: name }, importer)).ended;
    const absent = () => Promise.reject(new Error('Cannot find package'));
    await expect(run('eth0', absent)).rejects.toThrow(/cap, which --capture asks for, is not installed/);
    await expect(run('eth0', async () => ({}))).rejects.toThrow(/is not installed or does not load/);
    await expect(run('eth9', load)).rejects.toThrow(/No such device exists/);
    await expect(run('eth0', load)).rejects.toThrow(/captures SOMETHING/);
    expect(() => openSource({ kind: 'cap', interface: '-x' })).toThrow(/no name of an interface/);
  });
});

test('waits grow to a bound, differ from each other, and are short again after health', () => {
  const bounds = { leastMs: 500, mostMs: 30_000, healthyMs: 60_000 };
  const latest = new BackOff(bounds, () => 1);
  expect(Array.from({ length: 9 }, () => latest.next(10))).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
  expect(latest.next(60_000)).toBe(500);
  const earliest = new BackOff(bounds, () => 0);
  expect([earliest.next(0), earliest.next(0), earliest.next(0)]).toEqual([500, 750, 1500]);
});
