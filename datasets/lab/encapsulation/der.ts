/** Just enough ASN.1 DER (X.690) to write a certificate: nested tag-length-value, built from the inside out. */

export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  UtcTime: 0x17,
  Sequence: 0x30,
  Set: 0x31,
} as const;

/** Context-specific tag: constructed (explicit tagging) or primitive (implicit, for strings). */
export const contextTag = (number: number, constructed: boolean) => 0x80 | (constructed ? 0x20 : 0) | number;

export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const sequence = (...parts: readonly Uint8Array[]) => tlv(Tag.Sequence, ...parts);

/** A positive integer from big-endian bytes: a zero byte is put in front where the top bit would read as a sign. */
export function integer(bytes: Uint8Array): Uint8Array {
  return bytes[0]! & 0x80 ? tlv(Tag.Integer, Uint8Array.of(0), bytes) : tlv(Tag.Integer, bytes);
}

/** Dotted text, e.g. '2.5.4.3'; arcs in base 128 with continuation bits. */
export function objectIdentifier(dotted: string): Uint8Array {
  const arcs = dotted.split('.').map(Number);
  const bytes: number[] = [arcs[0]! * 40 + arcs[1]!];
  for (const arc of arcs.slice(2)) {
    const groups = [arc & 127];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return tlv(Tag.ObjectIdentifier, Uint8Array.from(bytes));
}

export const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const utf8 = (text: string) => tlv(Tag.Utf8String, new TextEncoder().encode(text));
export const octets = (...parts: readonly Uint8Array[]) => tlv(Tag.OctetString, ...parts);
export const bits = (bytes: Uint8Array, unused = 0) => tlv(Tag.BitString, Uint8Array.of(unused), bytes);

/** UTCTime to the second, for years 1950 to 2049. */
export function utcTime(date: Date): Uint8Array {
  return tlv(Tag.UtcTime, ascii(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}
