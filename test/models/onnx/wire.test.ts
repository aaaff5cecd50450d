import { describe, expect, test } from 'vitest';
import { WireReader, WireWriter } from '../../../models/onnx/wire.ts';

const INTEGERS = [
  0,
  1,
  127,
  128,
  300,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 35 + 5,
  Number.MAX_SAFE_INTEGER,
  -1,
  -(2 ** 40),
];

describe('the wire format', () => {
  test('writes the bytes of the documentation: field 1 = 150, field 2 = "testing"', () => {
    const bytes = new WireWriter().int(1, 150).text(2, 'testing').finish();
    expect(Buffer.from(bytes).toString('hex')).toBe('089601120774657374696e67');
  });

  test('reads back integers, floats, lists and messages', () => {
    const writer = new WireWriter();
    for (const value of INTEGERS) writer.int(1, value);
    writer.ints(2, INTEGERS).floats(3, [1.5, -0, Number.POSITIVE_INFINITY]).float(4, 0.25);
    writer.message(5, new WireWriter().text(1, 'größe'));
    const reader = new WireReader(writer.finish());
    const singles: number[] = [];
    const list: number[] = [];
    const floats: number[] = [];
    let text = '';
    while (reader.next()) {
      if (reader.field === 1) singles.push(reader.int());
      else if (reader.field === 2) reader.ints(list, 100);
      else if (reader.field === 5) {
        const inner = reader.message();
        inner.next();
        text = inner.text();
      } else reader.floats(floats, 100);
    }
    expect(singles).toEqual(INTEGERS);
    expect(list).toEqual(INTEGERS);
    expect(floats).toEqual([1.5, -0, Number.POSITIVE_INFINITY, 0.25]);
    expect(text).toBe('größe');
  });

  test('grows past its first buffer', () => {
    const long = 'x'.repeat(100_000);
    const reader = new WireReader(new WireWriter().text(1, long).finish());
    reader.next();
    expect(reader.text()).toBe(long);
  });

  test.each([
    ['a list above its limit', () => read(new WireWriter().ints(1, new Array(50).fill(1)), (r) => r.ints([], 49))],
    [
      'floats above their limit',
      () => read(new WireWriter().floats(1, new Array(50).fill(1)), (r) => r.floats([], 49)),
    ],
    ['half a float', () => read(new WireWriter().bytes(1, new Uint8Array(6)), (r) => r.floats([], 49))],
    ['text that is not UTF-8', () => read(new WireWriter().bytes(1, Uint8Array.of(0xff)), (r) => r.text())],
    ['a number where a text should be', () => read(new WireWriter().int(1, 5), (r) => r.text())],
    ['a group, which nobody writes', () => new WireReader(Uint8Array.of(0x0b)).next() && read(null, (r) => r.skip())],
  ])('refuses %s', (_, work) => {
    expect(work).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });
});

function read(writer: WireWriter | null, use: (reader: WireReader) => unknown): void {
  const reader = new WireReader(writer?.finish() ?? Uint8Array.of(0x0b));
  reader.next();
  use(reader);
}
