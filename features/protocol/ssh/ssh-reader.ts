/**
 * SSH (RFC 4253): the identification string of each side, and the key exchange init that follows it. Which side is the
 * client cannot be seen in either: both are read alike, and whoever knows the direction chooses.
 */
import { Protocol } from '../../packet/packet.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';
import { LineReader } from '../line-reader.ts';
import type { SharedTexts } from '../shared-texts.ts';
import type { StreamProtocol, StreamReader } from '../stream-watch.ts';
import { KEXINIT, type KexLists, PAYLOAD, packetLength, readKexInit } from './kex-init.ts';

/** What one side said; `Kex` is what is kept of its key exchange init. */
export interface SshSide<Kex> {
  /** The identification string. */
  readonly banner: string | null;
  readonly kex: Kex | null;
}

/** By side. */
export type SshSummary<Kex> = readonly [SshSide<Kex>, SshSide<Kex>];

const HEADER = 4;
/** Message number and cookie behind the header make a packet of RFC 4253 6 at least this long. */
const LEAST_PACKET = 12;

/** @param keep what is kept of a key exchange init */
export function sshProtocol<Kex>(texts: SharedTexts, keep: (lists: KexLists) => Kex): StreamProtocol<SshSummary<Kex>> {
  return {
    transports: [Protocol.Tcp],
    isPossible: () => true,
    begins: isIdentificationSoFar,
    reader: () => new SshReader(texts, keep),
  };
}

export class SshReader<Kex> implements StreamReader<SshSummary<Kex>> {
  readonly #sides: readonly [SideReader<Kex>, SideReader<Kex>];

  constructor(texts: SharedTexts, keep: (lists: KexLists) => Kex) {
    this.#sides = [new SideReader(texts, keep), new SideReader(texts, keep)];
  }

  get isOver(): boolean {
    return this.#sides[0].isOver && this.#sides[1].isOver;
  }

  glance(): boolean {
    return false;
  }

  feed(side: 0 | 1, bytes: Uint8Array, at: number, end: number): boolean {
    this.#sides[side].feed(bytes, at, end);
    return !this.#sides[side].isOver;
  }

  summary(): SshSummary<Kex> | null {
    const [{ banner, kex }, other] = this.#sides;
    if (banner === null && other.banner === null) return null;
    return [
      { banner, kex },
      { banner: other.banner, kex: other.kex },
    ];
  }
}

class SideReader<Kex> {
  readonly #texts: SharedTexts;
  readonly #keep: (lists: KexLists) => Kex;
  #lines: LineReader | null = new LineReader(CLEAR_LIMITS.bannerBytes);
  #lineCount = 0;
  #packetCount = 0;
  /** A packet that came in part; null if there is none. */
  #held: Uint8Array | null = null;
  #heldLength = 0;
  banner: string | null = null;
  kex: Kex | null = null;
  isOver = false;

  constructor(texts: SharedTexts, keep: (lists: KexLists) => Kex) {
    this.#texts = texts;
    this.#keep = keep;
  }

  feed(bytes: Uint8Array, at: number, end: number): void {
    if (this.#lines !== null) {
      const next = this.#lines.feed(bytes, at, end, this.#takeLine);
      if (next < 0) return;
      this.#lines = null;
      at = next;
    }
    if (!this.isOver && at < end) this.#packets(bytes, at, end);
  }

  /** RFC 4253 4.2: a server may send other lines before. */
  readonly #takeLine = (bytes: Uint8Array, at: number, end: number): boolean => {
    if (isIdentification(bytes, at, end)) {
      this.banner = this.#texts.of(bytes, at, Math.min(end, at + CLEAR_LIMITS.bannerBytes));
      // SSH-1.99 speaks version 2 too (RFC 4253 5.1); older ones send no KEXINIT.
      if (this.banner.startsWith('SSH-1.') && !this.banner.startsWith('SSH-1.99')) this.isOver = true;
      return false;
    }
    if (++this.#lineCount < CLEAR_LIMITS.preambleLines) return true;
    this.isOver = true;
    return false;
  };

  #packets(bytes: Uint8Array, at: number, end: number): void {
    if (this.#held !== null) {
      const taken = this.#hold(bytes, at, end);
      if (taken < 0 || this.isOver) return;
      at += taken;
    }
    while (!this.isOver && end - at >= HEADER) {
      const length = HEADER + packetLength(bytes, at);
      if (!this.#isPlausible(length)) return;
      if (end - at < length) break;
      this.#packet(bytes, at, at + length);
      at += length;
    }
    if (this.isOver || at >= end) return;
    this.#held = new Uint8Array(Math.max(HEADER, end - at));
    this.#heldLength = 0;
    this.#hold(bytes, at, end);
  }

  /** Completes the packet that is held; returns how many bytes that took, -1 if more are needed. */
  #hold(bytes: Uint8Array, at: number, end: number): number {
    const start = at;
    while (at < end && this.#heldLength < HEADER) this.#held![this.#heldLength++] = bytes[at++]!;
    if (this.#heldLength < HEADER) return -1;
    const length = HEADER + packetLength(this.#held!, 0);
    if (!this.#isPlausible(length)) return -1;
    const wanted = Math.min(length, this.#heldLength + end - at);
    if (this.#held!.length < wanted) {
      const larger = new Uint8Array(Math.min(length, Math.max(wanted, 2 * this.#held!.length)));
      larger.set(this.#held!.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    while (this.#heldLength < wanted) this.#held![this.#heldLength++] = bytes[at++]!;
    if (this.#heldLength < length) return -1;
    const held = this.#held!;
    this.#held = null;
    this.#packet(held, 0, length);
    return at - start;
  }

  #isPlausible(length: number): boolean {
    if (length > CLEAR_LIMITS.sshPacketBytes || length < LEAST_PACKET) this.isOver = true;
    return !this.isOver;
  }

  #packet(bytes: Uint8Array, at: number, end: number): void {
    if (bytes[at + PAYLOAD] === KEXINIT) {
      const lists = readKexInit(bytes, at, end, (from, start, stop) => this.#texts.of(from, start, stop));
      if (lists !== null) this.kex = this.#keep(lists);
      this.isOver = true;
    } else if (++this.#packetCount >= CLEAR_LIMITS.sshPackets) this.isOver = true;
  }
}

/** `SSH-` (RFC 4253 4.2). */
const IDENTIFICATION = [0x53, 0x53, 0x48, 0x2d] as const;

function isIdentification(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= IDENTIFICATION.length && isIdentificationSoFar(bytes, at, end);
}

/** The same of a segment that may be too short to tell. */
function isIdentificationSoFar(bytes: Uint8Array, at: number, end: number): boolean {
  for (let i = 0; i < IDENTIFICATION.length && at + i < end; i++) if (bytes[at + i] !== IDENTIFICATION[i]) return false;
  return true;
}
