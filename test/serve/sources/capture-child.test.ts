/** Programs in sh play tcpdump and dumpcap, so that these tests run anywhere; the real ones are at the end. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { notACapture } from '../../../features/capture/reader.ts';
import { CaptureChild } from '../../../serve/sources/capture-child.ts';
import { captureOf, isAlive, KeepingSink, program, runApart, scratch, soon, start } from './support.ts';

const LISTENING = 'echo "tcpdump: listening on eth0, link-type EN10MB (Ethernet), snapshot length 262144 bytes" >&2';
const FAST = { backOff: { leastMs: 20, mostMs: 80, healthyMs: 60_000 }, openingMs: 5_000, countsMs: 30 };

/** A tcpdump that notes its arguments and process id, and then runs `script`. */
function fake(script: string, name = 'tcpdump') {
  const folder = scratch();
  writeFileSync(folder.at('one.pcap'), captureOf(0, 3));
  const path = program(folder.at(name), `cd ${folder.path}\necho $$ >>pids\nprintf '%s\\n' "$@" >words\n${script}`);
  const pids = () => (existsSync(folder.at('pids')) ? readFileSync(folder.at('pids'), 'utf8').trim().split('\n') : []);
  return { path, folder, pids, words: () => readFileSync(folder.at('words'), 'utf8').trim().split('\n') };
}

const source = (path: string, more: object = {}, timing: object = {}) =>
  new CaptureChild({ kind: 'interface', interface: 'eth0', program: path, ...more }, { ...FAST, ...timing });

const STAY = 'while :; do sleep 0.05; done';

describe('a child that captures', () => {
  test('what it writes is handed on, and its counts are read while it runs and at its end', async () => {
    const counts = (captured: number, dropped: number) =>
      `echo "tcpdump: ${captured} packets captured, 9 packets received by filter, ${dropped} packets dropped by kernel" >&2`;
    const { path, words } = fake(
      `trap '${counts(3, 2)}' USR1\ntrap '${counts(5, 4)}; exit 0' TERM\n${LISTENING}\ncat one.pcap\n${STAY}`,
    );
    const filter = 'tcp port 443 or -w /etc/passwd';
    const child = source(path, { filter, snapLength: 1500, bufferKib: 2048, isImmediate: true });
    const { sink, stop, told } = start(child);
    await soon(() => child.counters.captureDrops).toBe(2);
    expect(sink.numbers).toEqual([0, 1, 2]);
    expect(child.counters).toMatchObject({ captured: 3, restarts: 0, streams: 1 });
    await stop();
    expect(child.counters).toMatchObject({ captured: 5, captureDrops: 4, bytes: captureOf(0, 3).length });
    expect(sink.numbers).toEqual([0, 1, 2]);
    expect(sink.isOpen).toBe(false);
    expect(told()).toMatch(/^info: interface eth0: .*tcpdump captures$/);
    const line = '-i eth0 -w - -s 1500 -U -n -B 2048 --time-stamp-precision=nano --immediate-mode --';
    expect(words()).toEqual([...line.split(' '), 'tcp port 443 or -w /etc/passwd']);
  });

  test('killed, it is started again after a wait, told and counted, and the next stream begins', async () => {
    // It is asked for counts before long, and would end by that.
    const { path, pids } = fake(`trap : USR1\n${LISTENING}\ncat one.pcap\n${STAY}`);
    const child = source(path);
    const { sink, told } = start(child);
    for (const round of [1, 2]) {
      await soon(() => sink.numbers.length).toBe(3 * round);
      process.kill(Number(pids()[round - 1]), 'SIGKILL');
    }
    await soon(() => sink.names.length).toBe(3);
    expect(child.counters).toMatchObject({ restarts: 2, streams: 3 });
    expect(told()).toMatch(/warn: interface eth0: tcpdump was ended by signal 9; it is started again in 0\.\d s/);
  });

  test('counts of one child after the other are added up, and go round at 32 bits', async () => {
    const { path, pids } = fake(
      `n=4294967290; trap 'echo "tcpdump: 1 packet captured, 0 packets received by filter, $n packets dropped by kernel, 1 packet dropped by interface" >&2; n=4' USR1\n${LISTENING}\ncat one.pcap\n${STAY}`,
    );
    const child = source(path);
    start(child);
    await soon(() => child.counters.captureDrops).toBe(4_294_967_301);
    process.kill(Number(pids()[0]), 'SIGKILL');
    await soon(() => child.counters.captureDrops).toBe(2 * 4_294_967_301);
    expect(child.counters.captured).toBe(2);
  });

  test('a sink without room stops the reading, and the child waits', async () => {
    const { path, folder } = fake(
      `${LISTENING}\ncat one.pcap\ncat /dev/zero >&1 & z=$!\ntrap 'kill $z; exit' TERM\nwait $z`,
    );
    let goOn: () => void = () => undefined;
    const sink = new KeepingSink();
    const noRoom = (resolve: () => void) => {
      goOn = resolve;
    };
    sink.onPiece = () => new Promise(noRoom);
    writeFileSync(folder.at('one.pcap'), captureOf(0, 50));
    const child = source(path);
    start(child, sink);
    await soon(() => sink.pieces).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sink.pieces).toBe(1);
    goOn();
    await soon(() => sink.pieces).toBe(2);
    sink.onPiece = () => undefined;
    goOn();
  });

  test('rubbish after a good start: given up and started again', async () => {
    const { path } = fake(`${LISTENING}\nif [ -e once ]; then echo rubbish; exit 0; fi\n>once\ncat one.pcap`);
    const child = source(path);
    const { sink, told } = start(child);
    await soon(() => child.counters.restarts).toBeGreaterThan(1);
    expect(sink.names).toEqual(['interface eth0']);
    expect(sink.numbers).toEqual([0, 1, 2]);
    expect(told()).toMatch(/warn: .*interface eth0 is no capture; it is started again/);
  });

  test('the sink that gives a stream up has the child started again', async () => {
    const { path } = fake(`${LISTENING}\ncat one.pcap\n${STAY}`);
    const sink = new KeepingSink();
    sink.onPiece = () => {
      sink.onPiece = () => undefined;
      throw notACapture('what the child writes');
    };
    const child = source(path);
    const { told } = start(child, sink);
    await soon(() => sink.names.length).toBe(2);
    expect(child.counters.restarts).toBe(1);
    expect(told()).toMatch(/warn: .*what the child writes is no capture; it is started again/);
  });
});

describe('a child that cannot capture is an error at once', () => {
  const refused = (script: string, timing = {}) => start(source(fake(script).path, {}, timing)).ended;

  test('no permission: the command that gives it to the child alone', async () => {
    const ended = refused(
      `echo "tcpdump: eth0: You don't have permission to perform this capture on that device" >&2\necho "(socket: Operation not permitted)" >&2\nexit 1`,
    );
    await expect(ended).rejects.toThrow(/permission to perform.*setcap cap_net_raw\+ep .*tcpdump/);
  });

  test('no such interface: those that there are', async () => {
    const ended = refused(
      `if [ "$1" = -D ]; then printf '1.eth0 [Up]\\n2.any (Pseudo)\\n'; exit; fi\necho "tcpdump: eth0: No such device exists" >&2\nexit 1`,
    );
    await expect(ended).rejects.toThrow(/No such device exists; expected one of eth0, any; correct --interface/);
  });

  test('a filter that does not parse', async () => {
    const ended = refused(`echo "tcpdump: can't parse filter expression: syntax error" >&2\nexit 1`);
    await expect(ended).rejects.toMatchObject({ code: 'OPTION_INVALID', action: 'correct the filter' });
  });

  test('rubbish from the first byte', async () => {
    await expect(refused(`${LISTENING}\necho rubbish\n${STAY}`)).rejects.toThrow(/NOT_A_CAPTURE|is no capture/);
  });

  test('one that neither listens nor ends', async () => {
    await expect(refused(STAY, { openingMs: 100 })).rejects.toThrow(/does not capture on eth0/);
  });

  test('names and filters that could be something else', () => {
    const { path } = fake('exit 1');
    for (const name of ['-w', '', 'eth0 -w x', 'rpcap://host/eth0', '../eth0', 'a\nb', 'x'.repeat(65)]) {
      expect(() => source(path, { interface: name }), name).toThrow(/is no name of an interface/);
    }
    for (const filter of ['', ' ', 'tcp\nudp', 'x'.repeat(9000)]) {
      expect(() => source(path, { filter }), filter).toThrow(/filter/);
    }
    for (const wrong of [{ bufferKib: 1 }, { bufferKib: 1e10 }, { snapLength: -1 }, { snapLength: 0.5 }]) {
      expect(() => source(path, wrong)).toThrow(/correct the option/);
    }
    expect(() => source('/nowhere/tcpdump')).toThrow(/no program that can be run/);
    expect(() => source('/bin/sh')).toThrow(/neither tcpdump nor dumpcap/);
  });
});

test('without nanoseconds it is started again for microseconds, once and at once', async () => {
  const { path, words } = fake(
    `case "$*" in *nano*) echo "tcpdump: eth0: Can't set nanosecond time stamp precision: That device doesn't support that time stamp precision" >&2; exit 1;; esac\n${LISTENING}\ncat one.pcap\n${STAY}`,
  );
  const child = source(path);
  const { sink } = start(child);
  await soon(() => sink.numbers.length).toBe(3);
  expect(child.counters.restarts).toBe(0);
  expect(words().join(' ')).not.toMatch(/nano/);
});

test('dumpcap has its own words and tells its counts at its end', async () => {
  const last = "Packets received/dropped on interface 'eth0': 3/2 (pcap:2/dumpcap:0/flushed:0/ps_ifdrop:1) (60.0%)";
  const { path, words, folder } = fake(
    `trap 'cat last >&2; exit 0' TERM\necho "Capturing on 'eth0'" >&2; echo "File: -" >&2\ncat one.pcap\n${STAY}`,
    'dumpcap',
  );
  writeFileSync(folder.at('last'), last);
  const child = source(path, { filter: 'tcp' });
  const { sink, stop } = start(child);
  await soon(() => sink.numbers.length).toBe(3);
  expect(child.counters).toMatchObject({ captured: null, captureDrops: null });
  await stop();
  expect(child.counters).toMatchObject({ captured: 3, captureDrops: 3 });
  expect(words().join(' ')).toBe('-i eth0 -P -q -w - -B 16 -f tcp');
});

test('however we end, the child ends too: silent, deaf to SIGTERM, we killed by SIGKILL', async () => {
  const { path, pids } = fake(`trap '' TERM PIPE\n${LISTENING}\ncat one.pcap\n${STAY}`);
  const config = JSON.stringify({ kind: 'interface', interface: 'eth0', program: path });
  const parent = await runApart(
    'serve/sources/capture-child.ts',
    `const sink = { begin() {}, write() {}, end() {} };
    await new source.CaptureChild(${config}).run(sink, new AbortController().signal, () => {});`,
  );
  await soon(() => pids().length).toBe(1);
  parent.kill('SIGKILL');
  await soon(() => isAlive(Number(pids()[0]))).toBe(false);
});

const mayCapture = spawnSync('tcpdump', ['-i', 'lo', '-c', '1', '-d']).status === 0;

describe.skipIf(!mayCapture)('tcpdump itself on loopback (skipped where it is missing or may not capture)', () => {
  const onLoopback = (port: number, interfaceName = 'lo') =>
    new CaptureChild(
      { kind: 'interface', interface: interfaceName, filter: `udp and port ${port}`, program: 'tcpdump' },
      FAST,
    );

  test('packets come with kernel times, and counts of what was captured', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const child = onLoopback(port);
    const { sink, told, stop } = start(child);
    await soon(told).toMatch(/captures/);
    for (let i = 0; i < 20; i++) socket.send(new Uint8Array([0, 0, 0, i]), port, '127.0.0.1');
    await soon(() => child.counters.captured).toBe(20);
    await stop();
    socket.close();
    expect(sink.numbers).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(Math.abs(sink.times[0]! + 1_700_000_000 - Date.now() / 1000)).toBeLessThan(60);
    expect(child.counters).toMatchObject({ captureDrops: 0, streams: 1, restarts: 0 });
  });

  test.skipIf(spawnSync('dumpcap', ['--version']).status !== 0)('dumpcap, too', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const filter = `udp and port ${port}`;
    const child = new CaptureChild({ kind: 'interface', interface: 'lo', filter, program: 'dumpcap' }, FAST);
    const { sink, told, stop } = start(child);
    await soon(told).toMatch(/captures/);
    const sending = setInterval(() => socket.send(new Uint8Array([0, 0, 0, 7]), port, '127.0.0.1'), 20);
    await soon(() => sink.numbers.length).toBeGreaterThan(2);
    clearInterval(sending);
    await stop();
    socket.close();
    expect(new Set(sink.numbers)).toEqual(new Set([7]));
    expect(child.counters).toMatchObject({ captureDrops: 0, captured: expect.any(Number) });
  });

  test('an interface that is none is refused with those that are', async () => {
    await expect(start(onLoopback(9, 'nosuch0')).ended).rejects.toThrow(/No such device.*expected one of .*lo/);
  });
});
