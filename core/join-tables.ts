/** Tables behind each other as one, in one stretch of memory. */
import { aligned, type Numbers, Stretch } from './stretch.ts';
import type { Column, ListColumn, ScalarColumn, Table } from './table.ts';
import type { TextColumn } from './text-column.ts';
import type { TextListColumn } from './text-list-column.ts';

/** @param tables one or more, with the same list of columns; the joined one is its own */
export function joinTables(tables: readonly Table[]): Table {
  const [{ specs, columns }] = tables as [Table];
  const lengths = tables.map(({ length }) => length);
  const parts = Array.from(columns.keys(), (name) => tables.map((table) => table.columns.get(name)!));
  let bytes = 0;
  for (const part of parts) bytes += bytesOf(part, lengths);
  const stretch = new Stretch(bytes);
  const joined = new Map<string, Column>();
  let i = 0;
  for (const name of columns.keys()) joined.set(name, joinColumns(parts[i++]!, lengths, stretch));
  return { specs, columns: joined, length: lengths.reduce((sum, length) => sum + length, 0) };
}

function bytesOf(parts: readonly Column[], lengths: readonly number[]): number {
  const [{ type }] = parts as [Column];
  if (type === 'findings') return 0;
  let [rows, items, texts] = [0, 0, 0];
  let width = 1;
  parts.forEach((part, i) => {
    const length = lengths[i]!;
    rows += length;
    if (part.type === 'utf8') texts += part.offsets[length]!;
    else if (part.type === 'list_utf8') {
      items += part.offsets[length]!;
      texts += part.itemOffsets[part.offsets[length]!]!;
    } else if ('offsets' in part) {
      items += part.offsets[length]!;
      width = part.items.BYTES_PER_ELEMENT;
    } else width = (part as ScalarColumn).values.BYTES_PER_ELEMENT;
  });
  const valid = aligned(rows);
  const offsets = aligned(4 * (rows + 1));
  if (type === 'utf8') return valid + offsets + aligned(texts);
  if (type === 'list_utf8') return valid + offsets + aligned(4 * (items + 1)) + aligned(texts);
  if (type === 'list_int32' || type === 'list_float64') return valid + offsets + aligned(width * items);
  return valid + aligned(width * rows);
}

function joinColumns(parts: readonly Column[], lengths: readonly number[], stretch: Stretch): Column {
  const [{ type }] = parts as [Column];
  switch (type) {
    case 'findings': {
      const lists = parts.map((part, i) => (part.type === 'findings' ? part.values.slice(0, lengths[i]) : []));
      return { type, values: lists.flat() };
    }
    case 'utf8': {
      const columns = parts as readonly TextColumn[];
      const offsets = joinOffsets(
        columns.map((column) => column.offsets),
        lengths,
        stretch,
      );
      const ends = columns.map((column, i) => column.offsets[lengths[i]!]!);
      const bytes = join(
        columns.map((column) => column.bytes),
        ends,
        stretch,
      );
      return { type, offsets, bytes, valid: joinValid(columns, lengths, stretch) };
    }
    case 'list_utf8': {
      const columns = parts as readonly TextListColumn[];
      const offsets = joinOffsets(
        columns.map((column) => column.offsets),
        lengths,
        stretch,
      );
      const items = columns.map((column, i) => column.offsets[lengths[i]!]!);
      const itemOffsets = joinOffsets(
        columns.map((column) => column.itemOffsets),
        items,
        stretch,
      );
      const ends = columns.map((column, i) => column.itemOffsets[items[i]!]!);
      const bytes = join(
        columns.map((column) => column.bytes),
        ends,
        stretch,
      );
      return { type, offsets, itemOffsets, bytes, valid: joinValid(columns, lengths, stretch) };
    }
    case 'list_int32':
    case 'list_float64': {
      const columns = parts as readonly ListColumn[];
      const offsets = joinOffsets(
        columns.map((column) => column.offsets),
        lengths,
        stretch,
      );
      const counts = columns.map((column, i) => column.offsets[lengths[i]!]!);
      const items = join<Numbers>(
        columns.map((column) => column.items),
        counts,
        stretch,
      );
      return { type, offsets, items, valid: joinValid(columns, lengths, stretch) } as Column;
    }
    default: {
      const columns = parts as readonly ScalarColumn[];
      const values = join<Numbers>(
        columns.map((column) => column.values),
        lengths,
        stretch,
      );
      return { type, values, valid: joinValid(columns, lengths, stretch) } as Column;
    }
  }
}

function joinValid(
  parts: readonly { readonly valid: Uint8Array }[],
  lengths: readonly number[],
  stretch: Stretch,
): Uint8Array {
  return join(
    parts.map(({ valid }) => valid),
    lengths,
    stretch,
  );
}

/** The first `counts[i]` numbers of each part. */
function join<A extends Numbers>(parts: readonly A[], counts: readonly number[], stretch: Stretch): A {
  const joined = stretch.like(
    parts[0]!,
    counts.reduce((sum, count) => sum + count, 0),
  );
  let at = 0;
  parts.forEach((part, i) => {
    const count = counts[i]!;
    if (count > 0) joined.set((part.length === count ? part : part.subarray(0, count)) as never, at);
    at += count;
  });
  return joined;
}

/** Offsets of the first `counts[i]` runs of each part, and the end of the last one. */
function joinOffsets(parts: readonly Int32Array[], counts: readonly number[], stretch: Stretch): Int32Array {
  const joined = stretch.like(
    parts[0]!,
    counts.reduce((sum, count) => sum + count, 1),
  );
  let [at, base] = [0, 0];
  parts.forEach((part, i) => {
    const count = counts[i]!;
    for (let run = 1; run <= count; run++) joined[at + run] = base + part[run]!;
    at += count;
    base = joined[at]!;
  });
  return joined;
}
