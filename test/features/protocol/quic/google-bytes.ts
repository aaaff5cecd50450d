/** Test-only: Google's handshake message and the packets that carried it. */
import { concat, hex } from '../tls/hello-bytes.ts';

const text = (value: string) => new TextEncoder().encode(value);
const little = (value: number, length: number) =>
  Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** i) & 0xff);

/** A CHLO with these tags, each of four characters (padded with zeros), in their order. */
export function chlo(tags: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(tags);
  let end = 0;
  const index = entries.map(([tag, value]) => {
    end += value.length;
    return concat(text(tag.padEnd(4, '\0')), little(end, 4));
  });
  const values = entries.map(([, value]) => text(value));
  return concat(text('CHLO'), little(entries.length, 2), new Uint8Array(2), ...index, ...values);
}

/** A client's first packet up to Q043. */
export function publicPacket(version: string, hello: Uint8Array): Uint8Array {
  const number = Number(version.slice(1));
  const length = number < 39 ? little(hello.length, 2) : little(hello.length, 2).reverse();
  return concat(
    hex('0d a4b104dcf2fe28fa'),
    text(version),
    hex('01'),
    new Uint8Array(12).fill(0xee),
    hex(number < 34 ? '01' : ''),
    hex('a0 01'),
    length,
    hello,
  );
}

/** The same in Q046, whose header is a long one. */
export function q046Packet(hello: Uint8Array): Uint8Array {
  const length = little(hello.length, 2).reverse();
  return concat(
    hex('c3'),
    text('Q046'),
    hex('50 a33549135f4a9709 00000001'),
    new Uint8Array(12).fill(0xee),
    hex('a0 01'),
    length,
    hello,
  );
}
