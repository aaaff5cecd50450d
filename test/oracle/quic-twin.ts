/**
 * The slow, obvious way to read the hellos of a QUIC connection: every Initial that opens with keys from the first id is
 * opened, all bytes of CRYPTO frames are laid down one by one, and what lies there at the end is decoded. Keys are
 * derived apart from the product (quic-bytes.ts). Connections with Retry or negotiation are not for it.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { packetKeys, V1, type Version, type Who } from '../features/protocol/quic/quic-bytes.ts';

export interface Datagram {
  readonly side: 0 | 1;
  readonly bytes: Uint8Array;
}

/** The handshake bytes of each side from the start, as far as they are all there. */
export function handshakeBytes(datagrams: readonly Datagram[], version: Version = V1): Record<Who, Uint8Array> {
  const laid: Record<Who, number[]> = { client: [], server: [] };
  const first = datagrams.find(({ side }) => side === 0)!.bytes;
  const dcid = first.slice(6, 6 + first[5]!);
  for (const { side, bytes } of datagrams) {
    const who = side === 0 ? 'client' : 'server';
    for (const text of opened(bytes, packetKeys(version, dcid, who), version)) lay(laid[who], text);
  }
  return { client: prefix(laid.client), server: prefix(laid.server) };
}

function prefix(laid: readonly number[]): Uint8Array {
  let end = 0;
  while (laid[end] !== undefined) end++;
  return Uint8Array.from(laid.slice(0, end));
}

/** The frames of each Initial in the datagram that opens. */
function opened(bytes: Uint8Array, keys: ReturnType<typeof packetKeys>, version: Version): Uint8Array[] {
  const texts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && (bytes[at]! & 0xc0) === 0xc0; ) {
    const type = (((bytes[at]! >> 4) & 3) - version.shift) & 3;
    let next = at + 6 + bytes[at + 5]!;
    next += 1 + bytes[next]!;
    if (type === 0) {
      const [token, behind] = varintAt(bytes, next);
      next = behind + token;
    }
    const [length, numberAt] = varintAt(bytes, next);
    const end = numberAt + length;
    if (end > bytes.length) break;
    if (type === 0) {
      const text = open(bytes.slice(at, end), numberAt - at, keys);
      if (text !== null) texts.push(text);
    }
    at = end;
  }
  return texts;
}

function open(packet: Uint8Array, numberAt: number, { key, iv, hp }: ReturnType<typeof packetKeys>): Uint8Array | null {
  const mask = createCipheriv('aes-128-ecb', hp, null).update(packet.subarray(numberAt + 4, numberAt + 20));
  packet[0]! ^= mask[0]! & 0x0f;
  const textAt = numberAt + (packet[0]! & 3) + 1;
  const nonce = iv.slice();
  for (let i = numberAt; i < textAt; i++) {
    packet[i]! ^= mask[1 + i - numberAt]!;
    nonce[12 - (textAt - i)]! ^= packet[i]!;
  }
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAAD(packet.subarray(0, textAt));
  decipher.setAuthTag(packet.subarray(packet.length - 16));
  const text = decipher.update(packet.subarray(textAt, packet.length - 16));
  try {
    decipher.final();
    return Uint8Array.from(text);
  } catch {
    return null;
  }
}

/** PADDING, PING, ACK without ECN, CRYPTO: what real hellos come with. */
function lay(laid: number[], text: Uint8Array): void {
  for (let at = 0; at < text.length; ) {
    const type = text[at++]!;
    if (type === 0 || type === 1) continue;
    const values: number[] = [];
    const next = () => {
      const [value, behind] = varintAt(text, at);
      at = behind;
      values.push(value);
      return value;
    };
    if (type === 2) {
      next();
      next();
      for (let left = 1 + 2 * next(); left > 0; left--) next();
    } else if (type === 6) {
      const offset = next();
      const length = next();
      for (let i = 0; i < length; i++) laid[offset + i] = text[at + i]!;
      at += length;
    } else return;
  }
}

function varintAt(bytes: Uint8Array, at: number): [value: number, next: number] {
  const length = 2 ** (bytes[at]! >> 6);
  let value = BigInt(bytes[at]! & 0x3f);
  for (let i = 1; i < length; i++) value = value * 256n + BigInt(bytes[at + i]!);
  return [Number(value), at + length];
}
