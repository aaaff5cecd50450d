/** Where a message of each kind of text has room for bytes its reader ignores. */
import { Prng } from '../../../core/prng.ts';
import { type Dialogue, type Message, SECOND_US } from '../dialogue/message.ts';

export type Kind = 'json' | 'http' | 'opaque' | 'other';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LINE_FEED = 0x0a;
const HTTP_START = /^(?:GET|POST|PUT|DELETE|HTTP\/1\.1) /;
const decoder = new TextDecoder('latin1');
const encoder = new TextEncoder();

/** What a message is to whoever wants to make it longer. */
export function kindOf(message: Message, index: number, dialogue: Dialogue): Kind {
  const { bytes } = message;
  if (dialogue.opaqueFrom !== undefined) return index >= dialogue.opaqueFrom ? 'opaque' : 'other';
  const [penult, last] = bytes.subarray(-2);
  if (bytes[0] === OPEN_BRACE && penult === CLOSE_BRACE && last === LINE_FEED) return 'json';
  if (HTTP_START.test(decoder.decode(bytes.subarray(0, 16)))) return 'http';
  return 'other';
}

const SAMPLE_US = 60 * SECOND_US;
const shares = new WeakMap<Dialogue, Readonly<Record<Kind, number>>>();

/** Share of each kind among the messages of a sample minute of the dialogue. */
export function kindShares(dialogue: Dialogue): Readonly<Record<Kind, number>> {
  const known = shares.get(dialogue);
  if (known) return known;
  const counts = { json: 0, http: 0, opaque: 0, other: 0 };
  let total = 0;
  for (let seed = 0; seed < 4; seed++) {
    const messages = dialogue.play({
      prng: new Prng(seed),
      operator: new Prng(seed),
      startUs: 0,
      durationUs: SAMPLE_US,
      host: 'www.example.com',
      chainSeed: seed,
    });
    messages.forEach((message, i) => {
      counts[kindOf(message, i, dialogue)]++;
      total++;
    });
  }
  const result = {
    json: counts.json / total,
    http: counts.http / total,
    opaque: counts.opaque / total,
    other: counts.other / total,
  };
  shares.set(dialogue, result);
  return result;
}

/** Least bytes a kind of message can be lengthened by: `X-Padding: ` with its line end; a sealed frame with nothing inside. */
export const FILLER_MIN: Readonly<Record<Kind, number>> = {
  json: 1,
  http: 13,
  opaque: 38,
  other: Number.POSITIVE_INFINITY,
};
/** `,"pad":""`: from here on a field fits where otherwise spaces go. */
const FIELD_MIN = 9;

/** The message's bytes with `count` more, at least the kind's least. */
export function lengthened(bytes: Uint8Array, kind: Kind, count: number, asField: boolean, prng: Prng): Uint8Array {
  const longer = new Uint8Array(bytes.length + count);
  if (kind === 'opaque') {
    longer.set(bytes);
    prng.bytes(longer.subarray(bytes.length));
    return longer;
  }
  const [at, text] = kind === 'http' ? headerAt(bytes, count) : spaceAt(bytes, count, asField);
  longer.set(bytes.subarray(0, at));
  encoder.encodeInto(text, longer.subarray(at));
  longer.set(bytes.subarray(at), at + count);
  return longer;
}

/** A header after the first line. */
function headerAt(bytes: Uint8Array, count: number): readonly [number, string] {
  return [bytes.indexOf(LINE_FEED) + 1, `X-Padding: ${'x'.repeat(count - FILLER_MIN.http)}\r\n`];
}

/** A last member of the last line's object, or spaces behind it. */
function spaceAt(bytes: Uint8Array, count: number, asField: boolean): readonly [number, string] {
  return asField && count >= FIELD_MIN
    ? [bytes.length - 2, `,"pad":"${'0'.repeat(count - FIELD_MIN)}"`]
    : [bytes.length - 1, ' '.repeat(count)];
}
