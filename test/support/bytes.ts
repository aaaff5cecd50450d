/** Bytes written out in tests: captures and frames put together field by field. */

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes from hexadecimal text; blanks are for the reader. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Numbers of the given widths in bytes, e.g. `fields(true, [0xa1b2c3d4, 4], [2, 2])`. */
export function fields(
  little: boolean,
  ...entries: readonly (readonly [value: number, width: 1 | 2 | 4])[]
): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((length, [, width]) => length + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, width] of entries) {
    if (width === 1) view.setUint8(at, value);
    else if (width === 2) view.setUint16(at, value, little);
    else view.setUint32(at, value, little);
    at += width;
  }
  return bytes;
}
