import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { type SegmentKind, segmentKind } from '../../../features/flow/segments.ts';
import { Packet } from '../../../features/packet/packet.ts';
import type { TwinPacket } from '../../oracle/flow-twin.ts';
import { type TwinKind, type TwinStreams, twinKind } from '../../oracle/segment-twin.ts';

const FIELDS = { next: 0, holeFrom: 1, holeTo: 2, syn: 3, first: 4 };
const BITS = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;
const NAMES: Readonly<Record<SegmentKind, TwinKind>> = { 0: 'fresh', 1: 'retransmission', 2: 'keep-alive' };

type Segment = readonly [flags: string, sequence: number, payload: number];

/** What each segment of one side is. */
function kindsOf(segments: readonly Segment[]): TwinKind[] {
  const record = new Float64Array(5).fill(-1);
  const packet = new Packet();
  return segments.map(([flags, sequence, payload]) => {
    packet.tcpFlags = [...flags].reduce((bits, letter) => bits | BITS[letter as keyof typeof BITS], 0);
    packet.sequence = sequence >>> 0;
    packet.payloadLength = payload;
    const kind = segmentKind(record, 0, FIELDS, packet);
    if (flags.includes('S')) record[FIELDS.syn] = packet.sequence;
    if (record[FIELDS.first] === -1) record[FIELDS.first] = packet.sequence;
    return NAMES[kind];
  });
}

function twinsOf(segments: readonly Segment[]): TwinKind[] {
  const streams: TwinStreams = new Map();
  let first: TwinPacket | undefined;
  return segments.map(([flags, sequence, payload]) => {
    const ends = { us: 0, ns: 0, from: 'a', to: 'b', protocol: 'tcp' } as const;
    const packet: TwinPacket = { ...ends, flags, sequence: sequence >>> 0, payload, ttl: 64 };
    const kind = twinKind(streams, packet, first);
    first ??= packet;
    return kind;
  });
}

describe('segments of one side', () => {
  const examples: readonly (readonly [string, readonly Segment[], readonly TwinKind[]])[] = [
    [
      'in order',
      [
        ['S', 9, 0],
        ['A', 10, 0],
        ['PA', 10, 5],
        ['PA', 15, 5],
      ],
      ['fresh', 'fresh', 'fresh', 'fresh'],
    ],
    [
      'sent twice',
      [
        ['PA', 10, 5],
        ['PA', 10, 5],
      ],
      ['fresh', 'retransmission'],
    ],
    [
      'old with something new',
      [
        ['PA', 10, 5],
        ['PA', 12, 9],
      ],
      ['fresh', 'fresh'],
    ],
    [
      'old with FIN that is new',
      [
        ['PA', 10, 5],
        ['FA', 10, 5],
      ],
      ['fresh', 'retransmission'],
    ],
    [
      'keep-alives without and with a byte',
      [
        ['PA', 10, 5],
        ['A', 14, 0],
        ['A', 14, 1],
      ],
      ['fresh', 'keep-alive', 'keep-alive'],
    ],
    [
      'probes of a closed window',
      [
        ['PA', 10, 5],
        ['A', 15, 1],
        ['A', 15, 1],
      ],
      ['fresh', 'fresh', 'keep-alive'],
    ],
    [
      'FIN, its copy, and what comes after',
      [
        ['FA', 10, 5],
        ['FA', 15, 0],
        ['A', 16, 0],
      ],
      ['fresh', 'fresh', 'fresh'],
    ],
    [
      'late, into a hole',
      [
        ['A', 10, 0],
        ['PA', 15, 5],
        ['PA', 10, 5],
        ['PA', 10, 5],
      ],
      ['fresh', 'fresh', 'fresh', 'retransmission'],
    ],
    [
      'cut otherwise, partly into a hole',
      [
        ['PA', 10, 5],
        ['PA', 20, 5],
        ['PA', 12, 10],
        ['PA', 15, 5],
      ],
      ['fresh', 'fresh', 'fresh', 'retransmission'],
    ],
    [
      'one byte into a hole of one byte that an acknowledgement showed',
      [
        ['A', 10, 0],
        ['A', 11, 0],
        ['PA', 10, 1],
      ],
      ['fresh', 'fresh', 'fresh'],
    ],
    [
      'round the end of the numbers',
      [
        ['PA', -5, 5],
        ['PA', 0, 5],
        ['PA', -5, 5],
        ['A', 4, 0],
      ],
      ['fresh', 'fresh', 'retransmission', 'keep-alive'],
    ],
    [
      'a hole round the end of the numbers',
      [
        ['PA', -9, 4],
        ['PA', 3, 5],
        ['PA', -5, 8],
        ['PA', -5, 8],
      ],
      ['fresh', 'fresh', 'fresh', 'retransmission'],
    ],
    [
      'SYN with data, twice',
      [
        ['S', 9, 4],
        ['S', 9, 4],
        ['PA', 10, 4],
        ['PA', 14, 1],
      ],
      ['fresh', 'retransmission', 'retransmission', 'fresh'],
    ],
    [
      'SYN after its data',
      [
        ['PA', 10, 4],
        ['S', 9, 0],
        ['PA', 14, 4],
      ],
      ['fresh', 'fresh', 'fresh'],
    ],
    [
      'another SYN begins anew',
      [
        ['S', 9, 0],
        ['PA', 10, 4],
        ['S', 5, 0],
        ['PA', 6, 4],
      ],
      ['fresh', 'fresh', 'fresh', 'fresh'],
    ],
    [
      'a reset moves nothing',
      [
        ['PA', 10, 4],
        ['R', 999, 0],
        ['PA', 14, 4],
        ['PA', 14, 4],
      ],
      ['fresh', 'fresh', 'fresh', 'retransmission'],
    ],
  ];

  test.each(examples)('%s', (_, segments, expected) => {
    expect(kindsOf(segments)).toEqual(expected);
    expect(twinsOf(segments)).toEqual(expected);
  });

  test('with at most one hole at a time are what the set of all bytes says', () => {
    const prng = new Prng('segments');
    let others = 0;
    for (let round = 0; round < 400; round++) {
      const segments: Segment[] = [['S', -20, 0]];
      let next = -19;
      let hole: readonly [number, number] | null = null;
      for (let i = 0; i < 30; i++) {
        const flags = prng.pick(['A', 'PA', 'PA']);
        const payload = prng.pick([0, 1, prng.integer(1, 9)]);
        const jump = prng.integer(1, 6);
        if (hole === null && prng.chance(0.2)) {
          segments.push([flags, next + jump, payload]);
          hole = [next, next + jump];
          next += jump + payload;
        } else if (hole !== null && prng.chance(0.4)) {
          // Filled from below, so that one hole is left.
          const to = prng.integer(hole[0] + 1, hole[1]);
          segments.push([flags, hole[0] - prng.below(3), 0]);
          segments.push(['PA', hole[0], to - hole[0]]);
          hole = to === hole[1] ? null : [to, hole[1]];
        } else if (prng.chance(0.4)) {
          // Old bytes, some of them in the hole: with its lower end or all of it, or none.
          const start = next - prng.integer(1, 12);
          const end = start + payload;
          const inside = hole !== null && start > hole[0] && start < hole[1];
          if (inside) continue;
          if (hole !== null && start <= hole[0] && end > hole[0]) hole = end >= hole[1] ? null : [end, hole[1]];
          segments.push([flags, start, payload]);
          next = Math.max(next, end);
        } else {
          segments.push([flags, next, payload]);
          next += payload;
        }
      }
      const kinds = kindsOf(segments);
      expect(kinds, JSON.stringify(segments)).toEqual(twinsOf(segments));
      others += kinds.filter((kind) => kind !== 'fresh').length;
    }
    expect(others).toBeGreaterThan(1000);
  });

  test('known difference: of two holes the older is forgotten, what fills it is taken for a retransmission', () => {
    const segments: Segment[] = [
      ['PA', 0, 5],
      ['PA', 10, 5],
      ['PA', 20, 5],
      ['PA', 5, 5],
      ['PA', 15, 5],
    ];
    expect(twinsOf(segments)).toEqual(['fresh', 'fresh', 'fresh', 'fresh', 'fresh']);
    expect(kindsOf(segments)).toEqual(['fresh', 'fresh', 'fresh', 'retransmission', 'fresh']);
  });

  test('known difference: of a hole that is filled in the middle the part above is forgotten', () => {
    const segments: Segment[] = [
      ['PA', 0, 5],
      ['PA', 20, 5],
      ['PA', 10, 2],
      ['PA', 12, 8],
      ['PA', 5, 5],
    ];
    expect(twinsOf(segments)).toEqual(['fresh', 'fresh', 'fresh', 'fresh', 'fresh']);
    expect(kindsOf(segments)).toEqual(['fresh', 'fresh', 'fresh', 'retransmission', 'fresh']);
  });
});
