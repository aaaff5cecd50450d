/** Addresses as text, to bytes and back, and networks of them. */
import { addressText } from '../flow/address.ts';

/** 4 or 16 bytes; null for what is no address. */
export function parseAddress(text: string): Uint8Array | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : null;
}

const MAX_IPV6_CHARACTERS = 45;

/** RFC 4291 2.2: eight fields, one run of zeros as `::`, the last two perhaps as an IPv4 address. */
function parseIpv6(text: string): Uint8Array | null {
  if (text.length > MAX_IPV6_CHARACTERS) return null;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const left = fieldsOf(head, tail === undefined);
  const right = tail === undefined ? [] : fieldsOf(tail, true);
  if (left === null || right === null) return null;
  const zeros = 8 - left.length - right.length;
  if (tail === undefined ? zeros !== 0 : zeros < 1) return null;
  const fields = [...left, ...new Array<number>(zeros).fill(0), ...right];
  return Uint8Array.from(fields.flatMap((field) => [field >> 8, field & 255]));
}

function fieldsOf(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const fields: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const last = isEnd && i === parts.length - 1 && part.includes('.') ? parseIpv4(part) : null;
    if (last !== null) fields.push((last[0]! << 8) | last[1]!, (last[2]! << 8) | last[3]!);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) fields.push(Number.parseInt(part, 16));
    else return null;
  }
  return fields;
}

/** The text of 4 or 16 bytes: dotted decimal, or RFC 5952 for IPv6. */
export function textOfAddress(bytes: Uint8Array): string {
  const words = new Int32Array(4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes.length === 4 ? 4 : 6;
  if (version === 4) words[3] = view.getInt32(0);
  else for (let i = 0; i < 4; i++) words[i] = view.getInt32(4 * i);
  return addressText(words, 0, version);
}

export interface Network {
  readonly bytes: Uint8Array;
  /** Bits that count. */
  readonly length: number;
}

/** `10.0.0.0/8`, or an address, which is a network of one; null for what is neither. */
export function parseNetwork(text: string): Network | null {
  const [address = '', length, ...more] = text.split('/');
  const bytes = parseAddress(address);
  if (bytes === null || more.length > 0) return null;
  if (length === undefined) return { bytes, length: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bytes.length * 8) return null;
  return { bytes, length: Number(length) };
}

export function isInNetwork(address: Uint8Array, { bytes, length }: Network): boolean {
  if (address.length !== bytes.length) return false;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false;
  const rest = 8 - (length & 7);
  return rest === 8 || address[whole]! >> rest === bytes[whole]! >> rest;
}
