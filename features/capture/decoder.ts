/**
 * What every capture format decoder offers: bytes in as they come, frames out to a sink, and an account of what was
 * read. Decoders never throw on hostile bytes; they stop and say why.
 */

/** Why a decoder stopped before the end of its input, or `None`. */
export const Damage = {
  None: 'none',
  /** The file ends inside a record or a block. */
  CutOff: 'cut off in the middle of a record',
  /** A record gives itself a length that cannot be. */
  BadLength: 'a record with an impossible length',
  /** A pcapng block refers to an interface that was never described. */
  BadBlock: 'a malformed block',
} as const;
export type Damage = (typeof Damage)[keyof typeof Damage];

/** One interface (pcapng) or the file itself (pcap). */
export interface CaptureInterface {
  readonly linkType: number;
  /** Snapshot length in bytes, 0 for unlimited. */
  readonly snapLength: number;
  readonly name: string | null;
}

/** What is known of a capture when it has been read. */
export interface CaptureAccount {
  /** `pcap`, `pcapng`, with the variant in words. */
  format: string;
  interfaces: CaptureInterface[];
  /** Frames handed to the sink. */
  frames: number;
  /** Frames whose captured part is shorter than the frame was on the wire. */
  cutFrames: number;
  /** Packets that the capturing program itself reported as dropped (pcapng interface statistics). */
  reportedDrops: number;
  /** pcapng blocks that describe no packet (names, statistics, secrets, comments). */
  otherBlocks: number;
  damage: Damage;
  /** Bytes of the (decompressed) capture that were read. */
  bytes: number;
}

export interface CaptureDecoder {
  readonly account: CaptureAccount;
  /**
   * Reads as many whole records as `view[at, end)` holds.
   *
   * @returns the offset of the first byte that was not used: the start of a record that is not complete yet, or `end`
   *   once the decoder has stopped (see `account.damage`).
   */
  decode(view: DataView, at: number, end: number): number;
  /** The same when no more bytes will come: reads what it had waited with. */
  finish(view: DataView, at: number, end: number): number;
  /** Bytes that the incomplete record at `at` needs before `decode` can go on; at least 1. */
  wanted(view: DataView, at: number, end: number): number;
}

export function newAccount(format: string): CaptureAccount {
  return {
    format,
    interfaces: [],
    frames: 0,
    cutFrames: 0,
    reportedDrops: 0,
    otherBlocks: 0,
    damage: Damage.None,
    bytes: 0,
  };
}
