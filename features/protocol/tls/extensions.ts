/** The extension block that both hellos end with (RFC 8446 4.2): a type, a length and the contents, again and again. */
import { uint16 } from './bytes.ts';

const EXTENSION_LEN = 2;
const EXTENSION_HEADER_LEN = 4;

/** What a hello keeps of its extensions, while it is being read. */
interface WithExtensions {
  extensions: readonly number[];
  brokenExtensions: number;
}

/** Reads one extension's contents; false if they contradict themselves. */
export type ReadExtension<Hello> = (hello: Hello, type: number, bytes: Uint8Array, at: number, end: number) => boolean;

/** Lists the types of the block and has each extension read; false if the lengths do not add up. */
export function readExtensions<Hello extends WithExtensions>(
  hello: Hello,
  bytes: Uint8Array,
  at: number,
  end: number,
  readExtension: ReadExtension<Hello>,
): boolean {
  const types: number[] = [];
  hello.extensions = types;
  while (at < end) {
    if (end - at < EXTENSION_HEADER_LEN) return false;
    const type = uint16(bytes, at);
    const body = at + EXTENSION_HEADER_LEN;
    const next = body + uint16(bytes, at + EXTENSION_LEN);
    if (next > end) return false;
    types.push(type);
    if (!readExtension(hello, type, bytes, body, next)) hello.brokenExtensions++;
    at = next;
  }
  return true;
}
