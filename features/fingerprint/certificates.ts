/**
 * What is kept of certificate chains. The same leaf comes with every connection to a host, so what it says is remembered
 * by its bytes: length and signature find a candidate, all of its bytes decide, for attackers choose them.
 */
import type { Digests } from '../../core/digest.ts';
import { type Certificate, certificateBounds, decodeCertificate } from '../protocol/tls/certificate.ts';
import type { ChainReader } from '../protocol/tls/hello-reader.ts';
import type { SharedFacts } from './shared-facts.ts';

export interface CertificateSummary extends Certificate {
  readonly sha256: string;
  readonly sha1: string;
}

export interface ChainSummary extends SharedFacts {
  /** The server's own certificate; null if its outline does not add up, or the chain is empty. */
  readonly leaf: CertificateSummary | null;
  /** Bytes of each certificate, the leaf's first. */
  readonly sizes: readonly number[];
}

export const CERTIFICATE_LIMITS = {
  /** Certificates of one generation: more hosts than a busy network calls in a minute. */
  entries: 2048,
  /** Their bytes: attackers can make every certificate a long one. */
  bytes: 8 * 1024 * 1024,
  /** A longer certificate is read but not kept. */
  certificateBytes: 16 * 1024,
} as const;

interface Entry {
  readonly bytes: Uint8Array;
  readonly summary: CertificateSummary | null;
  /** The chain that came with it last: nearly always the same again. */
  chain: ChainSummary;
}

export class Certificates implements ChainReader<ChainSummary> {
  readonly #digests: Digests;
  readonly #entries: number;
  /** Two generations, as in cache.ts, by a mark of the bytes. */
  #young = new Map<number, Entry>();
  #old = new Map<number, Entry>();
  #youngBytes = 0;

  constructor(digests: Digests, entries: number = CERTIFICATE_LIMITS.entries) {
    this.#digests = digests;
    this.#entries = entries;
  }

  chain(bytes: Uint8Array, at: number, end: number): ChainSummary | null {
    const bounds = certificateBounds(bytes, at, end);
    if (bounds === null) return null;
    if (bounds.length === 0) return { leaf: null, sizes: [], cells: null };
    const entry = this.#entryOf(bytes, bounds[0]!, bounds[1]!, bounds);
    if (!hasSizes(entry.chain, bounds)) entry.chain = { leaf: entry.summary, sizes: sizesOf(bounds), cells: null };
    return entry.chain;
  }

  /** The entry of the leaf `bytes[at, end)`. */
  #entryOf(bytes: Uint8Array, at: number, end: number, bounds: readonly number[]): Entry {
    const mark = markOf(bytes, at, end);
    const young = this.#young.get(mark);
    if (young !== undefined && isSame(young.bytes, bytes, at, end)) return young;
    const old = this.#old.get(mark);
    if (old !== undefined && isSame(old.bytes, bytes, at, end)) {
      this.#keep(mark, old);
      return old;
    }
    const own = bytes.slice(at, end);
    const certificate = decodeCertificate(own, 0, own.length);
    const summary =
      certificate === null
        ? null
        : { ...certificate, sha256: this.#digests.sha256HexOf(own), sha1: this.#digests.sha1HexOf(own) };
    const entry = { bytes: own, summary, chain: { leaf: summary, sizes: sizesOf(bounds), cells: null } };
    if (own.length <= CERTIFICATE_LIMITS.certificateBytes) this.#keep(mark, entry);
    return entry;
  }

  #keep(mark: number, entry: Entry): void {
    if (this.#young.size >= this.#entries || this.#youngBytes > CERTIFICATE_LIMITS.bytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#youngBytes += entry.bytes.length;
    this.#young.set(mark, entry);
  }
}

function sizesOf(bounds: readonly number[]): number[] {
  const sizes: number[] = [];
  for (let i = 0; i < bounds.length; i += 2) sizes.push(bounds[i + 1]! - bounds[i]!);
  return sizes;
}

function hasSizes({ sizes }: ChainSummary, bounds: readonly number[]): boolean {
  if (sizes.length * 2 !== bounds.length) return false;
  for (let i = 0; i < sizes.length; i++) if (sizes[i] !== bounds[2 * i + 1]! - bounds[2 * i]!) return false;
  return true;
}

/** Bytes of the signature that make the mark: as good as random. */
const MARKED = 16;

function markOf(bytes: Uint8Array, at: number, end: number): number {
  let mark = end - at;
  for (let i = Math.max(at, end - MARKED); i < end; i++) mark = Math.imul(mark ^ bytes[i]!, 0x01000193);
  return mark;
}

const WORD = 4;

/** Word by word: byte by byte a certificate takes longer than the rest of its handshake. */
function isSame(known: Uint8Array, bytes: Uint8Array, at: number, end: number): boolean {
  const { length } = known;
  if (length !== end - at) return false;
  const ours = new DataView(known.buffer, known.byteOffset, length);
  const theirs = new DataView(bytes.buffer, bytes.byteOffset + at, length);
  let i = 0;
  for (; i + WORD <= length; i += WORD) if (ours.getInt32(i, true) !== theirs.getInt32(i, true)) return false;
  for (; i < length; i++) if (known[i] !== bytes[at + i]) return false;
  return true;
}
