/**
 * Whatever way the segments of a flow come, what is known of it is what its streams say when they are put together
 * first; half-read handshakes of all flows together stay within one bound.
 */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { tlsFlowSummariser } from '../../../features/fingerprint/tls-summary.ts';
import { FlowState, SideField } from '../../../features/flow/flow-state.ts';
import { Packet, Protocol } from '../../../features/packet/packet.ts';
import { TLS_LIMITS } from '../../../features/protocol/tls/limits.ts';
import { type StreamSummary, TlsWatch } from '../../../features/protocol/tls-watch.ts';
import { messagesOf, recordsOf } from '../../oracle/tls-flow-twin.ts';
import { summaryTwin } from '../../oracle/tls-summary-twin.ts';
import { CLIENT_HELLO, concat, hex, message, record, SERVER_HELLO, SERVER_HELLO_12 } from './tls/hello-bytes.ts';
import { mutate } from './tls/mutate.ts';

type Side = 0 | 1;

interface Segment {
  readonly side: Side;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

const CHANGE = record(20, Uint8Array.of(1));
const ascii = (text: string) => new TextEncoder().encode(text);

function packetOf({ sequence, bytes }: Segment, us = 0, cut = 0): Packet {
  const packet = new Packet();
  packet.view = new DataView(concat(new Uint8Array(7).fill(0x16), bytes, new Uint8Array(64).fill(0xff)).buffer);
  packet.protocol = Protocol.Tcp;
  packet.sequence = sequence;
  packet.payloadAt = 7;
  packet.payloadEnd = 7 + bytes.length - cut;
  packet.payloadLength = bytes.length;
  packet.us = us;
  return packet;
}

/** Records from change_cipher_spec (20) to heartbeat (24). */
function countsOf({ changes, alerts, handshakes, data, heartbeats }: StreamSummary): number[] {
  return [changes, alerts, handshakes, data, heartbeats];
}

interface Watched {
  readonly watch: ReturnType<typeof watchOf>;
  readonly state: FlowState;
}

function watchOf(state: FlowState, mostBytes?: number) {
  return new TlsWatch(state, tlsFlowSummariser(nodeDigests, 16), mostBytes);
}

/** A watch of flows whose SYNs have the numbers 99 and 899 in slots 0 to 7. */
function opened(mostBytes?: number, hasSyns = true): Watched {
  const state = new FlowState();
  const watch = watchOf(state, mostBytes);
  for (let slot = 0; slot < 8; slot++) {
    state.start(slot, new Packet(), slot, 0);
    if (hasSyns) for (const side of [0, 1]) setSyn(state, slot, side, side === 0 ? 99 : 899);
    watch.opened(slot);
  }
  return { watch, state };
}

function setSyn(state: FlowState, slot: number, side: number, syn: number): void {
  state.page(slot)[state.sideBaseOf(slot, side) + SideField.SynSequence] = syn;
}

function segmentsOf(side: Side, first: number, stream: Uint8Array, size: () => number): Segment[] {
  const segments: Segment[] = [];
  for (let at = 0; at < stream.length; ) {
    const bytes = stream.slice(at, at + size());
    segments.push({ side, sequence: (first + at) >>> 0, bytes });
    at += bytes.length;
  }
  return segments;
}

/** What one side says from its first record to its last. */
function speech(prng: Prng, hello: Uint8Array, more: readonly Uint8Array[]): Uint8Array {
  const messages = concat(hello, ...more);
  const size = prng.chance(0.3) ? prng.integer(20, 400) : messages.length;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < messages.length; at += size) parts.push(record(22, messages.slice(at, at + size)));
  if (prng.chance(0.2)) parts.push(record(21, Uint8Array.of(1, 112)));
  parts.push(CHANGE);
  for (let i = prng.below(12); i > 0; i--) {
    const long = prng.chance(0.2) ? 16384 : 300;
    parts.push(record(prng.pick([22, 23, 23, 23, 21, 24]), prng.bytes(new Uint8Array(prng.below(long)))));
  }
  return concat(...parts);
}

/** Repeated, cut anew and out of order, but nothing is lost. */
function disturb(prng: Prng, segments: Segment[]): Segment[] {
  const sent = segments.flatMap((segment) => (prng.chance(0.1) ? [segment, segment] : [segment]));
  for (let i = 1; i < sent.length; i++) {
    if (prng.chance(0.2)) [sent[i - 1], sent[i]] = [sent[i]!, sent[i - 1]!];
  }
  return sent;
}

describe('a flow whose segments all come, in whatever order', () => {
  test('has the records and the handshake that its streams have', () => {
    const prng = new Prng('tls flow twin');
    const { watch, state } = opened();
    const twin = summaryTwin(nodeDigests);
    for (let round = 0; round < 1500; round++) {
      let slot = prng.below(4);
      const isns = [prng.uint32(), prng.chance(0.2) ? 0xffff_ff00 : prng.uint32()] as const;
      state.start(slot, new Packet(), round, 0);
      watch.opened(slot);
      for (const side of [0, 1]) setSyn(state, slot, side, isns[side]!);
      const serverHello = prng.chance(0.5) ? SERVER_HELLO : SERVER_HELLO_12;
      const streams = [
        speech(prng, message(1, prng.chance(0.2) ? mutate(prng, CLIENT_HELLO) : CLIENT_HELLO), []),
        speech(prng, message(2, serverHello), [message(11, prng.bytes(new Uint8Array(prng.below(4000))))]),
      ] as const;
      const small = prng.chance(0.3);
      const size = () => (small ? prng.integer(1, 90) : 1460);
      const cut = [0, 1].map((side) =>
        segmentsOf(side as Side, (isns[side]! + 1) >>> 0, streams[side as Side], size),
      ) as [Segment[], Segment[]];
      const isOrdered = prng.chance(0.4);
      const segments = isOrdered
        ? [...cut[0], ...cut[1]]
        : [cut[0][0]!, ...disturb(prng, cut[0].slice(1)), ...disturb(prng, cut[1])];
      for (const segment of segments) {
        if (prng.chance(0.01)) {
          // A row of the flow as it is must not change later.
          watch.copied(slot, 6);
          const then = structuredClone(watch.of(6));
          watch.payload(slot, segment.side, packetOf(segment));
          expect(structuredClone(watch.of(6))).toEqual(then);
          watch.closed(6);
        }
        watch.payload(slot, segment.side, packetOf(segment));
      }
      const known = watch.of(slot);
      const records = [recordsOf(streams[0]), recordsOf(streams[1])] as const;
      const body = messagesOf(streams[0]).find(({ type }) => type === 1)?.body;
      const client = body === undefined ? null : twin.client(body, 0, body.length);
      if (known === null) {
        expect(client).toBeNull();
        continue;
      }
      expect(known.client, `round ${round}`).toEqual(client);
      expect(known.server).toEqual(twin.server(serverHello, 0, serverHello.length));
      for (const side of [0, 1] as const) {
        const stream = side === 0 ? known.fwd : known.bwd;
        const { bytes, gaps } = stream;
        expect(countsOf(stream), `round ${round} side ${side}`).toEqual(
          [20, 21, 22, 23, 24].map((type) => records[side].filter((each) => each.type === type).length),
        );
        expect([bytes, gaps]).toEqual([records[side].reduce((sum, { length }) => sum + length, 0), 0]);
        const { lengths, types, versions, length } = known.records;
        const mine: number[][] = [];
        for (let i = 0; i < length; i++) {
          const isForward = lengths[i]! > 0 || (lengths[i] === 0 && Object.is(lengths[i], 0) && side === 0);
          if (lengths[i] !== 0 && isForward === (side === 0))
            mine.push([Math.abs(lengths[i]!), types[i]!, versions[i]!]);
        }
        const theirs = records[side].slice(0, TLS_LIMITS.records).filter((each) => each.length > 0);
        expect(mine).toEqual(theirs.map((each) => [each.length, each.type, each.version]));
      }
      if (prng.chance(0.2)) {
        watch.continued(slot, 5);
        expect(watch.of(slot)!.fwd.bytes).toBe(records[0].reduce((sum, each) => sum + each.length, 0));
        expect([watch.of(5)!.fwd.bytes, watch.of(5)!.records.length]).toEqual([0, 0]);
        expect(watch.of(5)!.client).toEqual(client);
        watch.closed(slot);
        slot = 5;
      }
      if (prng.chance(0.5)) watch.closed(slot);
    }
    expect(watch.givenUp).toBe(0);
  });

  test('whatever is lost, changed and cut short, nothing throws and no record is counted that is not there', () => {
    const prng = new Prng('tls flow loss');
    const { watch, state } = opened(200_000);
    let gaps = 0;
    for (let round = 0; round < 1500; round++) {
      const slot = prng.below(4);
      state.start(slot, new Packet(), round, 0);
      watch.opened(slot);
      if (prng.chance(0.7)) for (const side of [0, 1]) setSyn(state, slot, side, side === 0 ? 99 : 899);
      const isMutated = prng.chance(0.5);
      const said = [
        speech(prng, message(1, CLIENT_HELLO), []),
        speech(prng, message(2, SERVER_HELLO_12), [message(11, prng.bytes(new Uint8Array(prng.below(4000))))]),
      ];
      const streams = said.map((stream) => (isMutated ? mutate(prng, stream) : stream));
      const size = () => (prng.chance(0.1) ? prng.integer(1, 90) : 1460);
      const all = disturb(prng, [...segmentsOf(0, 100, streams[0]!, size), ...segmentsOf(1, 900, streams[1]!, size)]);
      const left = all.filter(() => prng.chance(0.9));
      for (const segment of left) {
        const cut = prng.chance(0.05) ? prng.below(segment.bytes.length) : 0;
        watch.payload(slot, segment.side, packetOf(segment, 0, cut));
      }
      const known = watch.of(slot);
      if (known === null || isMutated) continue;
      gaps += known.fwd.gaps + known.bwd.gaps;
      for (const side of [0, 1] as const) {
        const stream = side === 0 ? known.fwd : known.bwd;
        const there = recordsOf(streams[side]!);
        expect(stream.bytes).toBeLessThanOrEqual(there.reduce((sum, { length }) => sum + length, 0));
        const count = countsOf(stream).reduce((sum, each) => sum + each, 0);
        expect(count).toBeLessThanOrEqual(there.length);
      }
    }
    expect(gaps).toBeGreaterThan(50);
  });
});

describe('a loss', () => {
  const data = (size: number) => record(23, new Uint8Array(size).fill(7));
  const hellos = (watch: Watched['watch']) => {
    watch.payload(0, 0, packetOf({ side: 0, sequence: 100, bytes: record(22, message(1, CLIENT_HELLO)) }));
    watch.payload(0, 1, packetOf({ side: 1, sequence: 900, bytes: record(22, message(2, SERVER_HELLO)) }));
    return 900 + 9 + SERVER_HELLO.length;
  };

  test('inside a record is covered by its length', () => {
    const { watch } = opened();
    const at = hellos(watch);
    const stream = concat(data(5000), data(100));
    const segments = segmentsOf(1, at, stream, () => 1460);
    for (const [i, segment] of segments.entries()) if (i !== 1) watch.payload(0, 1, packetOf(segment));
    expect(watch.of(0)!.bwd).toMatchObject({ gaps: 0, bytes: SERVER_HELLO.length + 4 + 5100 });
  });

  test('of a header is a gap, and the next segment that begins with records is where it goes on', () => {
    const { watch } = opened();
    let at = hellos(watch);
    at += 1000;
    for (let i = 0; i <= TLS_LIMITS.earlySegments + 1; i++, at += 105) {
      watch.payload(0, 1, packetOf({ side: 1, sequence: at, bytes: data(100) }));
    }
    const { gaps, data: count } = watch.of(0)!.bwd;
    expect([gaps, count]).toEqual([1, TLS_LIMITS.earlySegments + 2]);
  });

  test('payload that the capture cut off is a gap if a header was in it', () => {
    const { watch } = opened();
    const at = hellos(watch);
    watch.payload(0, 1, packetOf({ side: 1, sequence: at, bytes: concat(data(100), data(50)) }, 0, 50));
    watch.payload(0, 1, packetOf({ side: 1, sequence: at + 160, bytes: data(10) }));
    expect(watch.of(0)!.bwd).toMatchObject({ gaps: 0, bytes: SERVER_HELLO.length + 4 + 150 + 10 });
    watch.payload(0, 1, packetOf({ side: 1, sequence: at + 175, bytes: concat(data(100), data(50)) }, 0, 55));
    watch.payload(0, 1, packetOf({ side: 1, sequence: at + 335, bytes: data(10) }));
    expect(watch.of(0)!.bwd).toMatchObject({ gaps: 1, bytes: SERVER_HELLO.length + 4 + 270 });
  });
});

describe('a capture that begins in the middle', () => {
  test('shows the records from the first segment on that begins with one', () => {
    const { watch } = opened(undefined, false);
    const noise = new Prng('middle').bytes(new Uint8Array(700));
    for (let i = 0; i < 30; i++)
      expect(watch.payload(0, 0, packetOf({ side: 0, sequence: 700 * i, bytes: noise }))).toBe(true);
    watch.payload(0, 0, packetOf({ side: 0, sequence: 21_000, bytes: record(23, new Uint8Array(40)) }));
    watch.payload(0, 1, packetOf({ side: 1, sequence: 5, bytes: record(23, new Uint8Array(60)) }));
    const known = watch.of(0)!;
    expect(known).toMatchObject({ client: null, server: null, clientStream: null });
    expect([...known.records.lengths.subarray(0, known.records.length)]).toEqual([40, -60]);
  });

  test('of something else is looked at so many times and no more', () => {
    const { watch } = opened(undefined, false);
    const packet = packetOf({ side: 0, sequence: 0, bytes: ascii('nothing to see here, move along') });
    let looks = 1;
    while (watch.payload(0, 0, packet)) looks++;
    expect(looks).toBe(TLS_LIMITS.midstreamLooks);
    expect(watch.of(0)).toBeNull();
  });
});

describe('what a handshake comes to', () => {
  const client = record(22, message(1, CLIENT_HELLO));
  const say = (watch: Watched['watch'], side: Side, sequence: number, bytes: Uint8Array) => {
    watch.payload(0, side, packetOf({ side, sequence, bytes }));
    return sequence + bytes.length;
  };

  test('a HelloRetryRequest and the hellos after it', () => {
    const { watch } = opened();
    const random = hex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');
    const retry = SERVER_HELLO.slice();
    retry.set(random, 2);
    let up = say(watch, 0, 100, client);
    let down = say(watch, 1, 900, concat(record(22, message(2, retry)), CHANGE));
    expect(watch.of(0)).toMatchObject({ isRetried: true, isResumed: null, group: null });
    up = say(watch, 0, up, concat(CHANGE, client));
    down = say(watch, 1, down, concat(record(22, message(2, SERVER_HELLO)), record(23, new Uint8Array(90))));
    say(watch, 0, up, record(23, new Uint8Array(69)));
    expect(watch.of(0)).toMatchObject({
      isRetried: true,
      isEstablished: true,
      group: 29,
      server: { isRetryRequest: false },
    });
  });

  test('a session resumed with the id of an earlier one, and one that is not after all', () => {
    for (const hasCertificate of [false, true]) {
      const { watch } = opened();
      const echo = concat(SERVER_HELLO_12.slice(0, 34), CLIENT_HELLO.slice(34, 35 + CLIENT_HELLO[34]!), hex('c02f00'));
      const up = say(watch, 0, 100, client);
      const certificate = hasCertificate ? record(22, message(11, hex('000000'))) : new Uint8Array(0);
      say(watch, 1, 900, concat(record(22, message(2, echo)), certificate, CHANGE, record(22, new Uint8Array(40))));
      say(watch, 0, up, concat(CHANGE, record(22, new Uint8Array(40))));
      expect(watch.of(0)).toMatchObject({ isResumed: CLIENT_HELLO[34]! > 0 && !hasCertificate, isEstablished: true });
    }
  });

  test('alerts in the clear, each side its own', () => {
    const { watch } = opened();
    say(watch, 0, 100, client);
    const down = say(watch, 1, 900, record(21, Uint8Array.of(1, 112)));
    say(watch, 1, down, record(21, Uint8Array.of(2, 40)));
    expect(watch.of(0)).toMatchObject({ isEstablished: false, serverStream: { alertLevel: 2, alertDescription: 40 } });
    expect(watch.of(0)!.clientStream!.alertLevel).toBe(0);
  });

  test('a certificate of the client', () => {
    const { watch } = opened();
    const up = say(watch, 0, 100, client);
    const request = concat(
      message(2, SERVER_HELLO_12),
      message(11, hex('000000')),
      message(13, hex('00')),
      message(14, hex('')),
    );
    say(watch, 1, 900, record(22, request));
    expect(watch.of(0)).toMatchObject({ asksCertificate: true, hasClientCertificate: false, chain: { leaf: null } });
    say(watch, 0, up, record(22, message(11, hex('000004000001aa'))));
    expect(watch.of(0)).toMatchObject({ hasClientCertificate: true });
  });
});

describe('a dialogue in the clear before', () => {
  const lines: [string, [Side, string][]][] = [
    [
      'smtp',
      [
        [1, '220 mail ESMTP\r\n'],
        [0, 'EHLO me\r\n'],
        [1, '250 STARTTLS\r\n'],
        [0, 'STARTTLS\r\n'],
        [1, '220 go\r\n'],
      ],
    ],
    [
      'ftp',
      [
        [1, '220 files\r\n'],
        [0, 'AUTH TLS\r\n'],
        [1, '234 go\r\n'],
      ],
    ],
    [
      'imap',
      [
        [1, '* OK ready\r\n'],
        [0, 'a STARTTLS\r\n'],
        [1, 'a OK\r\n'],
      ],
    ],
    [
      'pop3',
      [
        [1, '+OK ready\r\n'],
        [0, 'STLS\r\n'],
        [1, '+OK\r\n'],
      ],
    ],
    [
      'xmpp',
      [
        [0, '<?xml version="1.0"?>'],
        [1, '<stream:features>'],
        [0, '<starttls/>'],
        [1, '<proceed/>'],
      ],
    ],
    [
      'postgresql',
      [
        [0, '\0\0\0\x08\x04\u00d2\x16/'],
        [1, 'S'],
      ],
    ],
    [
      'http-connect',
      [
        [0, 'CONNECT a:443 HTTP/1.1\r\n\r\n'],
        [1, 'HTTP/1.1 200 OK\r\n\r\n'],
      ],
    ],
    [
      'socks5',
      [
        [0, '\x05\x01\0'],
        [1, '\x05\0'],
        [0, '\x05\x01\0\x01abcd\x01\u00bb'],
        [1, '\x05\0\0\x01abcd\x01\u00bb'],
      ],
    ],
    [
      'nntp',
      [
        [1, '200 news\r\n'],
        [0, 'STARTTLS\r\n'],
        [1, '382 go\r\n'],
      ],
    ],
    [
      'irc',
      [
        [1, ':irc NOTICE\r\n'],
        [0, 'STARTTLS\r\n'],
        [1, ':irc 670\r\n'],
      ],
    ],
  ];

  test.each(lines)('%s', (name, said) => {
    for (const repeats of [0, 40]) {
      const { watch } = opened();
      const next: [number, number] = [100, 900];
      const say = (side: Side, bytes: Uint8Array) => {
        watch.payload(0, side, packetOf({ side, sequence: next[side], bytes }));
        next[side] += bytes.length;
      };
      const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      for (const [side, text] of said) say(side, bytes(text));
      if (name === 'smtp') for (let i = 0; i < repeats; i++) say((i % 2) as Side, bytes('250-more of it\r\n'));
      say(0, record(22, message(1, CLIENT_HELLO)));
      say(1, record(22, message(2, SERVER_HELLO)));
      expect(watch.of(0)).toMatchObject({ upgradedFrom: name, client: { host: { sni: 'example.com' } } });
      expect(watch.of(0)!.server).not.toBeNull();
    }
  });
});

describe('half-read handshakes of all flows together', () => {
  const whole = record(22, message(1, CLIENT_HELLO));
  const half = whole.subarray(0, whole.length - 20);
  const first = (slot: number, { watch }: Watched) =>
    watch.payload(slot, 0, packetOf({ side: 0, sequence: 100, bytes: half }));
  const each = TLS_LIMITS.messageStartBytes;

  test('are bounded: the one that began first is given up and says no more than it did', () => {
    const watched = opened(3 * each);
    for (let slot = 0; slot < 4; slot++) {
      first(slot, watched);
      expect(watched.watch.givenUp).toBe(slot < 3 ? 0 : 1);
    }
    for (let slot = 0; slot < 4; slot++) {
      const rest = { side: 0 as const, sequence: 100 + half.length, bytes: whole.subarray(half.length) };
      watched.watch.payload(slot, 0, packetOf(rest));
      expect(watched.watch.of(slot)?.client?.host.sni).toBe(slot === 0 ? undefined : 'example.com');
    }
  });

  test('flows that begin like TLS with a byte and say no more are bounded by what they take themselves', () => {
    const { watch } = opened(3 * 1024);
    const say = (slot: number, from: number, to: number) =>
      watch.payload(slot, 0, packetOf({ side: 0, sequence: 100 + from, bytes: whole.subarray(from, to) }));
    for (let slot = 0; slot < 8; slot++) {
      expect(say(slot, 0, 1)).toBe(true);
      expect(watch.givenUp).toBe(Math.max(0, slot - 2));
    }
    for (let slot = 0; slot < 8; slot++) {
      expect(say(slot, 1, whole.length)).toBe(slot > 4);
      expect(watch.of(slot)?.client?.host.sni).toBe(slot > 4 ? 'example.com' : undefined);
    }
    // Those that are TLS for sure do not count any more.
    watch.opened(0);
    say(0, 0, 1);
    expect(watch.givenUp).toBe(5);
  });

  test('a flow that is over gives its share back', () => {
    const watched = opened(2 * each);
    for (let round = 0; round < 50; round++) {
      watched.watch.opened(round % 8);
      first(round % 8, watched);
      watched.watch.closed(round % 8);
    }
    expect(watched.watch.givenUp).toBe(0);
  });
});

test('a longer piece that lies where a shorter one lay is read to its own end', () => {
  const { watch } = opened();
  const whole = record(22, message(1, CLIENT_HELLO));
  const shared = new Uint8Array(2 * whole.length);
  shared.set(whole);
  const lying = (length: number) => {
    const packet = packetOf({ side: 0, sequence: 100, bytes: shared.subarray(0, length) });
    packet.view = new DataView(shared.buffer, 0, length);
    packet.payloadAt = 0;
    packet.payloadEnd = length;
    return packet;
  };
  watch.payload(0, 0, lying(whole.length - 20));
  watch.payload(1, 0, lying(whole.length));
  expect(watch.of(1)?.client?.host.sni).toBe('example.com');
});
