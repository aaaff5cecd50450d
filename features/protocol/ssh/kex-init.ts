/**
 * SSH binary packets and the key exchange init (RFC 4253 6 and 7.1), which both sides send in the clear:
 *
 *     uint32 packet_length; byte padding_length; byte[packet_length - padding_length - 1] payload; byte[] padding;
 *     // payload: byte 20; byte[16] cookie; ten name-lists (uint32 length, comma-separated names); bool; uint32 0
 */
const PADDING = 4;
export const PAYLOAD = 5;
const COOKIE = 16;
const LISTS = 10;
export const KEXINIT = 20;

/** The name-lists in the order of RFC 4253 7.1, as far as HASSH asks for them: of both directions. */
export interface KexLists {
  readonly kex: string;
  readonly ciphersUp: string;
  readonly ciphersDn: string;
  readonly macsUp: string;
  readonly macsDn: string;
  readonly compressionUp: string;
  readonly compressionDn: string;
}

/** The `packet_length` of the packet at `at`; needs four bytes there. */
export function packetLength(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x100_0000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

/**
 * Reads the packet `bytes[at, end)`, its length included; null if its lengths do not add up.
 *
 * @param text makes a text of bytes
 */
export function readKexInit(
  bytes: Uint8Array,
  at: number,
  end: number,
  text: (bytes: Uint8Array, at: number, end: number) => string,
): KexLists | null {
  const stop = end - bytes[at + PADDING]!;
  let next = at + PAYLOAD + 1 + COOKIE;
  const lists: string[] = [];
  while (lists.length < LISTS) {
    if (next + 4 > stop) return null;
    const length = packetLength(bytes, next);
    next += 4;
    if (length > stop - next) return null;
    lists.push(text(bytes, next, next + length));
    next += length;
  }
  const [kex, , ciphersUp, ciphersDn, macsUp, macsDn, compressionUp, compressionDn] = lists as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return { kex, ciphersUp, ciphersDn, macsUp, macsDn, compressionUp, compressionDn };
}
