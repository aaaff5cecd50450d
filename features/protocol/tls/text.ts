/** Text from hostile bytes: what is returned is safe to print, log and store. */

const SPACE = 0x20;
const TILDE = 0x7e;

/** Control, format, surrogate, unassigned and separator characters other than the space. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of `[at, end)` as text if they are printable ASCII or printable UTF-8; else null. */
export function printableText(bytes: Uint8Array, at: number, end: number): string | null {
  let text = '';
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < SPACE || byte > TILDE) return byte > TILDE ? printableUtf8(bytes, at, end) : null;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** True if the text has no character that does something instead of being seen. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

function printableUtf8(bytes: Uint8Array, at: number, end: number): string | null {
  try {
    const text = utf8.decode(bytes.subarray(at, end));
    return isPrintable(text) ? text : null;
  } catch {
    return null; // not UTF-8: the decoder has no other way to say so
  }
}

/** The bytes of `[at, end)` as printable ASCII, with every other byte and the backslash written `\xNN`. */
export function escapedText(bytes: Uint8Array, at: number, end: number): string {
  let text = '';
  for (; at < end; at++) {
    const byte = bytes[at]!;
    const plain = byte >= SPACE && byte <= TILDE && byte !== 0x5c;
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
