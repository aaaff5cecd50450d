/** Each encapsulation, generated on its own and read back by the project's readers of flows, which know nothing of the lab. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { encodePcap } from '../../../datasets/lab/capture/pcap.ts';
import { playSession } from '../../../datasets/lab/capture/session.ts';
import { type Dialogue, Script } from '../../../datasets/lab/dialogue/message.ts';
import { frameOf, Opcode } from '../../../datasets/lab/dialogue/websocket.ts';
import type { EncapsulationName } from '../../../datasets/lab/encapsulation/channel.ts';
import { drawClientShape } from '../../../datasets/lab/encapsulation/shapes.ts';
import { SSH_CLIENTS, SSH_SERVERS } from '../../../datasets/lab/encapsulation/ssh-lists.ts';
import { protectionOf, sealedPacket } from '../../../datasets/lab/encapsulation/ssh-packets.ts';
import { drawWrapping } from '../../../datasets/lab/encapsulation/wrapping.ts';
import { drawPath } from '../../../datasets/lab/transport/path.ts';
import { drawStack } from '../../../datasets/lab/transport/stack.ts';
import { extractRows, type Row } from '../../support/rows.ts';
import { readPackets, reassemble, tlsRecords } from './read-pcap.ts';

const HOST = 'eu1.maple-labs.example';
const PORT = 4_444;
/** Says 50 bytes every ten minutes and gets 20 back: nearly all that is long about it is what the encapsulation adds. */
const sparse: Dialogue = {
  name: 'sparse',
  label: 'other',
  ports: [PORT],
  play({ durationUs }) {
    const script = new Script();
    for (let at = 0; at < durationUs; at += 600e6)
      script.reply(script.say('client', at, 'a'.repeat(50)), 'b'.repeat(20), 900);
    return script.messages;
  },
};

async function play(name: EncapsulationName, seed: number, dialogue = sparse) {
  const prng = new Prng(seed);
  const wrapping = drawWrapping(prng.fork('site'), name, HOST, PORT);
  const end = (last: number, port: number) => ({
    endpoint: { mac: Uint8Array.of(2, 0, 0, 0, 0, last), ip: Uint8Array.of(10, 0, 0, last), port },
    stack: { ...drawStack(new Prng(last)), keepAliveUs: 0 },
  });
  const { packets: seen, encode } = await playSession({
    dialogue,
    openChannel: () => wrapping.open(prng.fork('session'), drawClientShape(prng.fork('shape'))),
    client: end(1, 40_000),
    server: end(2, 9_999),
    path: { ...drawPath(prng.fork('path')), loss: 0 },
    host: HOST,
    startUs: 1_000,
    durationUs: 1_500e6,
    captureEndUs: 3_600e6,
    messagesMax: Number.POSITIVE_INFINITY,
    seed,
    operatorSeed: seed,
    chainSeed: 1,
    visit: 0,
    difficulty: 1,
    evasions: [],
  });
  const pcap = encodePcap(encode(seen), 1_740_000_000);
  const packets = readPackets(pcap);
  const side = (port: number) => packets.filter(({ srcPort }) => srcPort === port);
  const bytes = (port: number) => reassemble(side(port)) ?? new Uint8Array(0);
  return { pcap, packets, up: bytes(40_000), dn: bytes(9_999), row: extractRows(pcap).rows[0]! };
}

/** What the readers say of ten sites, one session each. */
async function rows(name: EncapsulationName): Promise<Row[]> {
  const found: Row[] = [];
  for (let seed = 0; seed < 10; seed++) found.push((await play(name, seed)).row);
  return found;
}

const JA4 = /^t1[23][di]\d{4}(h1|h2|00)_[0-9a-f]{12}_[0-9a-f]{12}$/;

describe('read back by the readers of flows', () => {
  test.each(['tls12', 'tls13'] as const)('%s: hello, version and, from most clients, the name', async (name) => {
    const found = await rows(name);
    for (const row of found) {
      expect(row['ja4']).toMatch(JA4);
      expect(row['tls_version']).toBe(name === 'tls12' ? 'TLS 1.2' : 'TLS 1.3');
      expect(row['tls_upgraded_from']).toBeNull();
      expect([null, HOST]).toContain(row['sni']);
    }
    expect(found.filter((row) => row['sni'] === HOST).length).toBeGreaterThan(3);
  });

  test('websocket: an upgrade that is accepted', async () => {
    for (const row of await rows('websocket'))
      expect(row).toMatchObject({ http_method: 'GET', http_host: HOST, http_upgrade: 'websocket', http_status: 101 });
  });

  test("websocket in TLS: the site's name, no protocol but HTTP/1.1, and nothing of the upgrade in the clear", async () => {
    for (const row of await rows('websocket-tls')) {
      expect(row).toMatchObject({ sni: HOST, http_upgrade: null });
      expect(row['ja4']).toMatch(/^t1[23]d\d{4}(h1|00)_/);
    }
  });

  test.each([
    ['http-connect-tls', 'http-connect'],
    ['socks5-tls', 'socks5'],
  ] as const)('%s: TLS is found behind the proxy, with its hello', async (name, upgradedFrom) => {
    const found = await rows(name);
    for (const row of found) {
      expect(row['tls_upgraded_from']).toBe(upgradedFrom);
      expect(row['ja4']).toMatch(JA4);
      if (upgradedFrom === 'http-connect') expect(row['http_connect_target']).toBe(`${HOST}:${PORT}`);
    }
    expect(found.some((row) => row['sni'] === HOST)).toBe(true);
  });

  test('a proxy without TLS: the target is read, and no TLS', async () => {
    for (const row of await rows('http-connect')) {
      expect(row).toMatchObject({ http_connect_target: `${HOST}:${PORT}`, ja4: null });
      expect([200, 407]).toContain(row['http_status']);
    }
    for (const row of await rows('socks5')) expect(row).toMatchObject({ ja4: null, http_method: null });
  });

  test('ssh tunnel: banners and both fingerprints, several of each', async () => {
    const found = await rows('ssh-tunnel');
    const banners = (list: typeof SSH_CLIENTS) => list.map(({ value }) => value.banner);
    for (const row of found) {
      expect(banners(SSH_CLIENTS)).toContain(row['ssh_client']);
      expect(banners(SSH_SERVERS)).toContain(row['ssh_server']);
      expect(row['hassh']).toMatch(/^[0-9a-f]{32}$/);
      expect(row['hassh_server']).toMatch(/^[0-9a-f]{32}$/);
    }
    expect(new Set(found.map((row) => row['hassh'])).size).toBeGreaterThan(1);
  });
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('byte for byte', () => {
  test('http-connect: without credentials, with them, and with them once they are asked for', async () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const { up, dn } = await play('http-connect', seed);
      const asked = text(up).split('\r\n\r\n');
      expect(asked.pop()).toMatch(/^(a{50})+$/);
      for (const head of asked) expect(head.split('\r\n')[0]).toBe(`CONNECT ${HOST}:${PORT} HTTP/1.1`);
      const answered = text(dn).split('\r\n\r\n');
      expect(answered.pop()).toMatch(/^(b{20})+$/);
      const authorized = asked.map((head) => /^Proxy-Authorization: Basic [A-Za-z0-9+/]+=*\r?$/m.test(head));
      kinds.add(`${authorized} ${answered.map((head) => head.slice(9, 12))}`);
    }
    expect([...kinds].sort()).toEqual(['false 200', 'false,true 407,200', 'true 200']);
  });

  test('socks5: greeting, password where asked for, request by name or address, reply', async () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const { up, dn } = await play('socks5', seed);
      const methods = up[1]!;
      let [at, from] = [2 + methods, 2];
      expect([up[0], dn[0]]).toEqual([5, 5]);
      const password = dn[1] === 2;
      expect([...up.subarray(2, at)]).toContain(dn[1]);
      if (password) {
        expect([up[at], ...dn.subarray(2, 4)]).toEqual([1, 1, 0]);
        at += 2 + up[at + 1]!;
        at += 1 + up[at]!;
        from = 4;
      }
      expect([...up.subarray(at, at + 3)]).toEqual([5, 1, 0]);
      const named = up[at + 3] === 3;
      if (named) expect(text(up.subarray(at + 5, at + 5 + up[at + 4]!))).toBe(HOST);
      at += 4 + (named ? 1 + HOST.length : 4);
      expect((up[at]! << 8) | up[at + 1]!).toBe(PORT);
      expect(text(up.subarray(at + 2))).toMatch(/^(a{50})+$/);
      expect([...dn.subarray(from, from + 4)]).toEqual([5, 0, 0, 1]);
      expect(text(dn.subarray(from + 10))).toMatch(/^(b{20})+$/);
      kinds.add(`${password} ${named}`);
    }
    expect(kinds.size).toBe(4);
  });

  test('websocket: the accept is the hash of the key, client frames are masked, server frames are not', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { up, dn } = await play('websocket', seed);
      const key = /Sec-WebSocket-Key: (\S{24})\r\n/.exec(text(up))![1]!;
      const hash = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      expect(text(dn)).toContain(`Sec-WebSocket-Accept: ${hash}\r\n`);
      const frames = (bytes: Uint8Array) => {
        const read: { opcode: number; masked: boolean; payload: string }[] = [];
        for (let at = text(bytes).indexOf('\r\n\r\n') + 4; at < bytes.length; ) {
          const masked = bytes[at + 1]! > 127;
          const length = bytes[at + 1]! & 127;
          const head = at + 2 + (masked ? 4 : 0);
          const key = bytes.subarray(at + 2, head);
          const payload = bytes.slice(head, head + length).map((byte, i) => (masked ? byte ^ key[i & 3]! : byte));
          read.push({ opcode: bytes[at]! & 15, masked, payload: text(payload) });
          at = head + length;
        }
        return read;
      };
      const [client, server] = [frames(up), frames(dn)];
      expect(client.every(({ masked }) => masked)).toBe(true);
      expect(server.some(({ masked }) => masked)).toBe(false);
      const said = (list: typeof client) => list.filter(({ opcode }) => opcode < 8).map(({ payload }) => payload);
      expect(new Set(said(client))).toEqual(new Set(['a'.repeat(50)]));
      expect(said(server).length).toBe(said(client).length);
      const count = (list: typeof client, code: number) => list.filter(({ opcode }) => opcode === code).length;
      // The last answer may be cut off by the end of the session.
      expect(Math.abs(count(client, Opcode.Pong) - count(server, Opcode.Ping))).toBeLessThan(2);
      expect(Math.abs(count(server, Opcode.Pong) - count(client, Opcode.Ping))).toBeLessThan(2);
    }
  });

  test('a frame has no length bytes, two or eight', () => {
    expect([125, 126, 65_535, 65_536].map((n) => frameOf(Opcode.Binary, new Uint8Array(n), null).length - n)).toEqual([
      2, 4, 4, 10,
    ]);
    expect([...frameOf(Opcode.Binary, new Uint8Array(70_000), null).subarray(0, 10)]).toEqual([
      0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70,
    ]);
  });

  test('an SSH packet is what RFC 4253 makes of its payload: cases by hand', () => {
    const cases = [
      // chacha20-poly1305: 4 + roundup(1 + 59 + 4, 8) + 16
      [{ blockBytes: 8, macBytes: 16, padsLength: false, showsLength: false }, 59, 84],
      // aes256-gcm: 4 + roundup(1 + 59 + 4, 16) + 16; one byte more takes another block
      [{ blockBytes: 16, macBytes: 16, padsLength: false, showsLength: true }, 59, 84],
      [{ blockBytes: 16, macBytes: 16, padsLength: false, showsLength: true }, 60, 100],
      // aes-ctr with a MAC of the plaintext: roundup(4 + 1 + 59 + 4, 16) + 32
      [{ blockBytes: 16, macBytes: 32, padsLength: true, showsLength: false }, 59, 112],
    ] as const;
    for (const [protection, payload, wire] of cases)
      expect(sealedPacket(payload, protection, new Prng(1)).length).toBe(wire);
  });

  test('every SSH client and server of the lists agree, and on more than one kind of packet', () => {
    const kinds = SSH_CLIENTS.flatMap(({ value: client }) =>
      SSH_SERVERS.map(({ value: server }) => JSON.stringify(protectionOf(client, server))),
    );
    expect(new Set(kinds).size).toBeGreaterThan(2);
    expect(kinds.some((kind) => kind.includes('"macBytes":32'))).toBe(true);
  });

  test('ssh tunnel: a message of 50 bytes is a packet with 59 bytes of payload, in whatever was agreed on', async () => {
    const program = (list: typeof SSH_CLIENTS, banner: unknown) =>
      list.find(({ value }) => value.banner === banner)!.value;
    const sizes = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const { packets, row } = await play('ssh-tunnel', seed);
      const protection = protectionOf(program(SSH_CLIENTS, row['ssh_client']), program(SSH_SERVERS, row['ssh_server']));
      const wire = sealedPacket(9 + 50, protection, new Prng(0)).length;
      const asked = packets.filter(({ srcPort, payload }) => srcPort === 40_000 && payload.length === wire);
      expect(asked.length).toBeGreaterThanOrEqual(3);
      sizes.add(wire);
    }
    expect(sizes.size).toBeGreaterThan(1);
  });

  test('ssh tunnel: window is returned for what was received, and each message is a packet', async () => {
    const bulk: Dialogue = {
      ...sparse,
      play() {
        const script = new Script();
        let last = script.say('client', 1_000, 'get');
        for (let i = 0; i < 40; i++) last = script.follow(last, 'c'.repeat(20_000), 5_000);
        return script.messages;
      },
    };
    const [quiet, busy] = [await play('ssh-tunnel', 5), await play('ssh-tunnel', 5, bulk)];
    expect(busy.up.length - quiet.up.length).toBeGreaterThan(40 * 20_009);
    // 800,000 bytes return window eight times, in packets of 32 to 64 bytes.
    expect(busy.dn.length).toBeGreaterThan(quiet.dn.length);
    expect(busy.dn.length - quiet.dn.length).toBeLessThan(8 * 64 + 400);
  });
});

test('what is opened inside waits for what is outside, and only for that', async () => {
  const waits = async (name: EncapsulationName) => {
    const channel = await drawWrapping(new Prng(4), name, HOST, PORT).open(new Prng(4), drawClientShape(new Prng(4)));
    channel.dispose();
    return { ...channel, afters: channel.handshake.map(({ after }) => after) };
  };
  for (const name of ['http-connect-tls', 'socks5-tls'] as const) {
    const { afters, readyAfter } = await waits(name); // strictly by turns
    expect(afters).toEqual(afters.map((_, i) => i - 1));
    expect(readyAfter.client).toBeGreaterThanOrEqual(afters.length - 2);
  }
  const { handshake, afters, readyAfter } = await waits('websocket-tls');
  const [request, answer] = [handshake.length - 2, handshake.length - 1];
  expect(handshake[request]!.from).toBe('client');
  // The request goes out behind the client's Finished, or once the server's has come: in either case after the hellos.
  expect(afters[request]).toBeGreaterThanOrEqual(2);
  expect([afters[answer], readyAfter.client, readyAfter.server]).toEqual([request, answer, answer]);
});

test('whoever is set to asks while the connection idles, and is answered', async () => {
  let pinged = 0;
  for (const name of ['ssh-tunnel', 'websocket', 'websocket-tls'] as const) {
    for (let seed = 0; seed < 8; seed++) {
      const { packets } = await play(name, seed);
      const data = packets.filter(({ payload, atUs }) => payload.length > 0 && atUs > packets[0]!.atUs + 10e6);
      const quietUs = data.map(({ atUs }, i) => atUs - (data[i - 1]?.atUs ?? atUs));
      if (quietUs.filter((us) => us > 10e6 && us < 250e6).length > 3) pinged++;
    }
  }
  expect(pinged).toBeGreaterThan(5);
  expect(pinged).toBeLessThan(24);
});

test('the same seed gives the same bytes of everything but TLS', async () => {
  for (const name of ['websocket', 'http-connect', 'socks5', 'ssh-tunnel'] as const) {
    expect((await play(name, 7)).pcap).toEqual((await play(name, 7)).pcap);
    expect((await play(name, 7)).pcap).not.toEqual((await play(name, 8)).pcap);
  }
});

test('in TLS through a front, lengths and times are the same again, the ciphertext is not', async () => {
  const [one, two] = [await play('websocket-tls', 11), await play('websocket-tls', 11)];
  const settled = ({ packets }: typeof one) =>
    packets.filter(({ atUs }) => atUs > packets[0]!.atUs + 5e6).map((p) => [p.atUs, p.payload.length, p.flags]);
  expect(settled(one)).toEqual(settled(two));
  expect(tlsRecords(one.up).at(-1)!.type).toBe(tlsRecords(two.up).at(-1)!.type);
  expect(one.up).not.toEqual(two.up);
});
