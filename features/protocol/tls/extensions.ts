/** The extension block that both hellos end with (RFC 8446 4.2): a type, a length and the contents, again and again. */
import { isVector16, uint16 } from './bytes.ts';

const EXTENSION_LEN = 2;
const EXTENSION_HEADER_LEN = 4;

/** Is shown one extension: its contents are `[at, end)`. */
export type VisitExtension<Target> = (target: Target, type: number, bytes: Uint8Array, at: number, end: number) => void;

/**
 * Shows the extensions in `[at, end)`, all that a hello has behind its other fields, to the visitor; there may be none.
 * False if the lengths do not add up.
 */
export function visitExtensions<Target>(
  target: Target,
  bytes: Uint8Array,
  at: number,
  end: number,
  visit: VisitExtension<Target>,
): boolean {
  if (at === end) return true;
  if (!isVector16(bytes, at, end)) return false;
  at += 2;
  while (at < end) {
    if (end - at < EXTENSION_HEADER_LEN) return false;
    const body = at + EXTENSION_HEADER_LEN;
    const next = body + uint16(bytes, at + EXTENSION_LEN);
    if (next > end) return false;
    visit(target, uint16(bytes, at), bytes, body, next);
    at = next;
  }
  return true;
}
