import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { PREFIX_LIMITS, Prefix, PrefixStatus } from '../../../features/flow/prefix.ts';

const text = (value: string) => Uint8Array.from(value, (letter) => letter.charCodeAt(0));

/** Pushes [sequence number, text] pairs and returns what came out. */
function run(prefix: Prefix, segments: readonly (readonly [number, string])[]): string {
  let out = '';
  for (const [seq, value] of segments) {
    const bytes = text(value);
    prefix.push(seq, bytes, 0, bytes.length, (view, at, end) => {
      out += String.fromCharCode(...view.subarray(at, end));
    });
  }
  return out;
}

describe('the first bytes of a TCP direction', () => {
  test('in-order segments are the same memory, not a copy', () => {
    const bytes = text('..hello..');
    const seen: unknown[] = [];
    new Prefix(7).push(7, bytes, 2, 7, (view, at, end) => seen.push(view === bytes, at, end));
    expect(seen).toEqual([true, 2, 7]);
  });

  test('segments out of order come out in order', () => {
    const prefix = new Prefix(100);
    expect(run(prefix, [[103, 'def']])).toBe('');
    expect(prefix.status).toBe(PrefixStatus.Waiting);
    expect(run(prefix, [[106, 'ghi']])).toBe('');
    expect(run(prefix, [[100, 'abc']])).toBe('abcdefghi');
    expect(prefix.status).toBe(PrefixStatus.Open);
  });

  test('retransmissions and keep-alives are ignored', () => {
    const segments = [
      [10, 'abc'],
      [10, 'abc'],
      [12, 'X'],
      [13, 'd'],
    ] as const;
    expect(run(new Prefix(10), segments)).toBe('abcd');
  });

  test('of two copies the first to arrive wins', () => {
    const early = [
      [3, 'DE'],
      [0, 'abcdefg'],
    ] as const;
    expect(run(new Prefix(0), early)).toBe('abcDEfg');
    const late = [
      [0, 'abc'],
      [1, 'XXde'],
    ] as const;
    expect(run(new Prefix(0), late)).toBe('abcde');
  });

  test('an early segment over several held ones fills only their holes', () => {
    const segments = [
      [2, 'C'],
      [5, 'F'],
      [1, 'bcdefgh'],
      [0, 'a'],
    ] as const;
    expect(run(new Prefix(0), segments)).toBe('abCdeFgh');
  });

  test('sequence numbers wrap', () => {
    const segments = [
      [0x00000002, 'ef'],
      [0xfffffffe, 'abcd'],
    ] as const;
    expect(run(new Prefix(0xfffffffe), segments)).toBe('abcdef');
  });

  test('the first segment tells where the stream starts when the SYN was not seen', () => {
    expect(run(new Prefix(), [[5000, 'ab']])).toBe('ab');
  });

  test('the stream ends at the byte limit', () => {
    const prefix = new Prefix(0, { ...PREFIX_LIMITS, streamBytes: 4 });
    expect(run(prefix, [[0, 'abcdef']])).toBe('abcd');
    expect(prefix.status).toBe(PrefixStatus.Full);
    expect(run(prefix, [[4, 'e']])).toBe('');
  });

  test('a hole that is never filled ends the stream and is counted', () => {
    const prefix = new Prefix(0, { ...PREFIX_LIMITS, heldSegments: 2, patience: 3 });
    run(prefix, [
      [10, 'a'],
      [20, 'b'],
      [30, 'c'],
    ]);
    expect([prefix.status, prefix.droppedSegments, prefix.droppedBytes]).toEqual([PrefixStatus.Waiting, 1, 1]);
    run(prefix, [[40, 'd']]);
    expect([prefix.status, prefix.droppedSegments]).toEqual([PrefixStatus.Broken, 2]);
  });

  test('a sequence number far away is dropped', () => {
    const prefix = new Prefix(0);
    const segments = [
      [0, 'a'],
      [0x40000000, 'x'],
      [1, 'b'],
    ] as const;
    expect(run(prefix, segments)).toBe('ab');
    expect(prefix.droppedSegments).toBe(1);
  });

  test('data decides where the stream starts when the SYN named another place', () => {
    expect(
      run(new Prefix(1712195421), [
        [1612884806, 'ab'],
        [1612884808, 'c'],
      ]),
    ).toBe('abc');
  });

  test('any cut, order and repetition of a stream gives the stream', () => {
    const random = new Prng('prefix');
    for (let round = 0; round < 500; round++) {
      const stream = random.bytes(new Uint8Array(random.integer(1, 300)));
      const first = random.uint32();
      const segments: [number, number][] = [];
      for (let at = 0; at < stream.length; ) {
        const end = Math.min(stream.length, at + random.integer(1, 40));
        segments.push([Math.max(0, at - random.below(9)), end]);
        if (random.chance(0.3)) segments.push([at, end]);
        at = end;
      }
      const prefix = new Prefix(first, { ...PREFIX_LIMITS, heldSegments: 1000, patience: 1000 });
      const out: number[] = [];
      for (const [at, end] of random.shuffle(segments)) {
        prefix.push((first + at) >>> 0, stream, at, end, (view, from, to) => out.push(...view.subarray(from, to)));
      }
      expect(out).toEqual([...stream]);
      expect(prefix.status).toBe(PrefixStatus.Open);
    }
  });

  test('random segments never exceed the bounds', () => {
    const random = new Prng('prefix bounds');
    const bytes = new Uint8Array(2000);
    for (let round = 0; round < 300; round++) {
      const prefix = new Prefix(0, { ...PREFIX_LIMITS, streamBytes: 5000 });
      let out = 0;
      for (let i = 0; i < 150; i++) {
        const length = random.below(2000);
        prefix.push(random.below(70_000) - 100, bytes, 0, length, (_, at, end) => {
          out += end - at;
        });
      }
      expect(out).toBe(prefix.delivered);
      expect(out).toBeLessThanOrEqual(5000);
    }
  });
});
