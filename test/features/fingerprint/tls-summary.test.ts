/** What is remembered of a hello is what decoding it in full gives, whatever was asked before. */
import { expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { tlsSummariser } from '../../../features/fingerprint/tls-summary.ts';
import { MAX_KEY_WORDS } from '../../../features/fingerprint/word-key.ts';
import { summaryTwin } from '../../oracle/tls-summary-twin.ts';
import { CLIENT_HELLO, concat, hex, SERVER_HELLO, SERVER_HELLO_12 } from '../protocol/tls/hello-bytes.ts';
import { mutate } from '../protocol/tls/mutate.ts';

const twin = summaryTwin(nodeDigests);

/** A summariser, and how many fingerprints of the MD5 kind it has made. */
function counted(entries?: number) {
  const made = { count: 0 };
  const md5Hex = (text: string) => {
    made.count++;
    return nodeDigests.md5Hex(text);
  };
  return { made, summariser: tlsSummariser({ ...nodeDigests, md5Hex }, entries) };
}

const uint16 = (value: number) => Uint8Array.of(value >>> 8, value);
const grease = (prng: Prng) => prng.below(16) * 0x1010 + 0x0a0a;
const extension = (type: number, contents: Uint8Array) => concat(uint16(type), uint16(contents.length), contents);
const values = (list: readonly number[]) => concat(...list.map(uint16));
const vector8 = (bytes: Uint8Array) => concat(Uint8Array.of(bytes.length), bytes);
const vector16 = (bytes: Uint8Array) => concat(uint16(bytes.length), bytes);

/** The length is wrong now and then, and there may be a byte too many. */
function faulty(prng: Prng, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  if (changed.length > 1 && prng.chance(0.03)) changed[prng.below(2)]! ^= 1;
  return prng.chance(0.02) ? concat(changed, Uint8Array.of(prng.below(256))) : changed;
}

function clientOf(prng: Prng, ciphers: readonly number[]): Uint8Array {
  const name = new TextEncoder().encode(prng.pick(['a.example', 'b.example', 'bücher.example', 'bad\n', '']));
  const names = prng.pick([['h2'], ['h2', 'http/1.1'], ['\u0000'], ['\\x00'], []]);
  const blocks = [
    extension(grease(prng), new Uint8Array(0)),
    extension(0, faulty(prng, vector16(concat(Uint8Array.of(0), vector16(name))))),
    extension(10, faulty(prng, vector16(values([grease(prng), 29, 23])))),
    extension(11, faulty(prng, vector8(prng.pick([Uint8Array.of(0), Uint8Array.of(0, 1)])))),
    extension(13, faulty(prng, vector16(values([grease(prng), 0x0403, prng.pick([0x0804, 0x0401])])))),
    extension(16, faulty(prng, vector16(concat(...names.map((text) => vector8(new TextEncoder().encode(text))))))),
    extension(43, faulty(prng, vector8(values([grease(prng), 0x0304, 0x0303])))),
    extension(51, faulty(prng, vector16(concat(values([29]), vector16(prng.bytes(new Uint8Array(4))))))),
    extension(0xfe0d, prng.bytes(new Uint8Array(3))),
  ];
  const sent = blocks
    .filter(() => prng.chance(0.95))
    .flatMap((block) => (prng.chance(0.02) ? [block, block] : [block]));
  const random = prng.bytes(new Uint8Array(32));
  const list = vector16(values([grease(prng), ...ciphers]));
  const fixed = concat(uint16(0x0303), random, vector8(prng.bytes(new Uint8Array(prng.below(33)))), list, hex('0100'));
  return prng.chance(0.02) ? fixed : concat(fixed, vector16(concat(...(prng.chance(0.1) ? prng.shuffle(sent) : sent))));
}

test('hellos with other names, keys, GREASE, faults and orders are summed up as the twin does', () => {
  const prng = new Prng('hello keys');
  for (const entries of [4, 4096]) {
    const { made, summariser } = counted(entries);
    let hellos = 0;
    for (let round = 0; round < 8000; round++) {
      const hello = clientOf(prng, prng.pick([[0x1301], [0x1301, 0xc02f]]));
      const bytes = prng.chance(0.1) ? mutate(prng, hello) : hello;
      const summary = summariser.client(concat(Uint8Array.of(0xff), bytes, Uint8Array.of(0, 0)), 1, 1 + bytes.length);
      expect(summary).toEqual(twin.client(bytes, 0, bytes.length));
      if (summary !== null) hellos++;
    }
    // The larger cache spares most of the work: the test is about hits.
    if (entries > 4) expect(made.count).toBeLessThan(hellos / 2);
  }
});

test('changed hellos of both sides are summed up as the twin does', () => {
  const prng = new Prng('changed hellos');
  const { made, summariser } = counted();
  const draft = SERVER_HELLO.slice();
  draft.set([0x7f, 18]);
  const short = concat(hex('7f12'), new Uint8Array(32), hex('1301'), vector16(extension(43, uint16(0x7f12))));
  for (let round = 0; round < 12_000; round++) {
    const client = mutate(prng, CLIENT_HELLO);
    expect(summariser.client(client, 0, client.length)).toEqual(twin.client(client, 0, client.length));
    const server = mutate(prng, prng.pick([SERVER_HELLO, SERVER_HELLO_12, draft, short]));
    expect(summariser.server(server, 0, server.length)).toEqual(twin.server(server, 0, server.length));
  }
  expect(made.count).toBeLessThan(12_000);
});

/** A ClientHello with nothing but these extensions. */
const clientWith = (...blocks: readonly Uint8Array[]) =>
  concat(uint16(0x0303), new Uint8Array(33), vector16(uint16(0x1301)), hex('0100'), vector16(concat(...blocks)));

test('the contents of a list are not taken for the extensions behind a broken one', () => {
  const { summariser } = counted();
  const whole = clientWith(extension(10, vector16(uint16(0x0100))));
  const broken = clientWith(extension(10, hex('00ff0100')), extension(0x0100, new Uint8Array(0)));
  for (const bytes of [whole, broken, whole]) {
    expect(summariser.client(bytes, 0, bytes.length)).toEqual(twin.client(bytes, 0, bytes.length));
  }
});

test('of several names the last that is short enough counts', () => {
  const { summariser } = counted();
  const named = (length: number) =>
    extension(0, vector16(concat(Uint8Array.of(0), vector16(new Uint8Array(length).fill(0x61)))));
  for (const lengths of [[255], [256], [3, 256], [256, 3], [3, 0], [3, 4]]) {
    const bytes = clientWith(...lengths.map(named));
    const summary = summariser.client(bytes, 0, bytes.length)!;
    expect(summary).toEqual(twin.client(bytes, 0, bytes.length));
    expect(summary.host.sni?.length ?? null).toBe(
      lengths.filter((length) => length > 0 && length < 256).at(-1) ?? null,
    );
  }
});

test('flows to the same host by the same client share their texts', () => {
  const { made, summariser } = counted();
  const read = () => summariser.client(CLIENT_HELLO, 0, CLIENT_HELLO.length)!;
  expect(read().host.sniTokens).toBe(read().host.sniTokens);
  const server = () => summariser.server(SERVER_HELLO, 0, SERVER_HELLO.length);
  expect(server()).toBe(server());
  expect(made.count).toBe(2);
});

test('a hello forged to be long is read, but not kept', () => {
  const { made, summariser } = counted();
  const ciphers = Array.from({ length: MAX_KEY_WORDS }, (_, i) => i);
  for (let round = 1; round <= 2; round++) {
    const hello = clientOf(new Prng('long'), ciphers);
    expect(summariser.client(hello, 0, hello.length)).toEqual(twin.client(hello, 0, hello.length));
    expect(made.count).toBe(round);
  }
});
