/**
 * A message format that nobody has defined: how the applications of one site write, drawn from the site's own stream, so that a
 * set of many sites holds as many formats. Mining and ordinary dialogues draw from the same ones: neither how a message is
 * written nor its words tell what it is about.
 */
import { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, u16, u32 } from '../bytes.ts';
import { drawn, letters, logUniform } from '../message.ts';

/** How long the messages of one kind are, at one site. */
export interface Size {
  readonly bytes: number;
  /** Uniformly more or less by at most this, bytes. */
  readonly spread: number;
  /** Deviation of the logarithm, for content that people or sensors make; 0: none. */
  readonly sigma: number;
  /** The message carries a running number in text, and grows with its digits. */
  readonly counted: boolean;
}

/** The length of a message whose fields have fixed widths: the same each time, or within a few bytes. */
export function drawSize(operator: Prng, low: number, high: number): Size {
  const bytes = Math.round(logUniform(operator, low, high));
  const draw = operator.float();
  const spread = operator.integer(1, 6);
  return { bytes, spread: draw < 0.2 ? spread : 0, sigma: 0, counted: draw > 0.8 };
}

/** The length of a message whose content has no fixed width. */
export function drawVariedSize(operator: Prng, low: number, high: number): Size {
  return { ...drawSize(operator, low, high), sigma: operator.between(0.15, 1.1) };
}

/** No message is longer: every one fits the shortest length header, and an hour of them a capture. */
const MESSAGE_MAX_BYTES = 16_000;
/** A varied message is at most so many times as long as the median of its kind. */
const VARIED_MAX = 6;

/** JSON for the most part, as in the protocols there are; chosen. */
const STYLES = [
  { weight: 11, value: 'json' },
  { weight: 5, value: 'binary' },
  { weight: 4, value: 'pairs' },
] as const;

export class Voice {
  /** JSON lines; frames of a length, a type and random bytes; or text lines of a word and `key=value` pairs. */
  readonly style: 'json' | 'binary' | 'pairs';
  readonly #prng: Prng;
  readonly #words: number;
  readonly #wordBytes: number;
  readonly #wideHeader: boolean;
  readonly #fieldBytes: number;
  #written = 0;

  /** @param operator the site's habits. @param prng the session's randomness. */
  constructor(operator: Prng, prng: Prng) {
    this.#prng = prng;
    this.style = operator.pickWeighted(STYLES);
    this.#words = operator.uint32();
    this.#wordBytes = operator.integer(2, 7);
    this.#wideHeader = operator.chance(0.4);
    this.#fieldBytes = Math.round(logUniform(operator, 6, 90));
  }

  /** A message of its kind; at least as long as its framing is. */
  write(kind: string, size: Size): Uint8Array {
    const length = this.#length(size);
    const seed = new Prng(`${this.#words}:${kind}`);
    if (this.style === 'binary') {
      const header = this.#wideHeader ? 4 : 2;
      const rest = Math.max(1, length - header);
      return bytesOf(
        this.#wideHeader ? u32(rest) : u16(rest),
        [seed.integer(1, 40)],
        filler(this.#prng, Math.max(0, rest - 1)),
      );
    }
    const word = letters(seed, this.#wordBytes);
    const [head, divider, tail] =
      this.style === 'json' ? [`{"${word}":["`, '","', '"]}\n'] : [`${word} a=`, ` ${word[0]}=`, '\n'];
    return bytesOf(head, this.#fields(Math.max(1, length - head.length - tail.length), divider), tail);
  }

  #length({ bytes, spread, sigma, counted }: Size): number {
    const prng = this.#prng;
    let length = sigma > 0 ? drawn(prng, bytes, sigma, bytes / VARIED_MAX, bytes * VARIED_MAX) : bytes;
    if (spread > 0) length += prng.integer(-spread, spread);
    if (counted) length += String(++this.#written).length - 1;
    return Math.min(MESSAGE_MAX_BYTES, length);
  }

  /** Exactly `length` characters: fields of one width and what is left. */
  #fields(length: number, divider: string): string {
    let text = '';
    for (let left = length; left > 0; ) {
      const take = left > this.#fieldBytes + divider.length ? this.#fieldBytes : left;
      text += letters(this.#prng, take);
      left -= take;
      if (left === 0) break;
      text += divider;
      left -= divider.length;
    }
    return text;
  }
}
