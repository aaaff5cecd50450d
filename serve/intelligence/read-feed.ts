/** A feed in any of its forms, told apart by what it holds: JSON of three kinds, JSON lines, or a plain list. */
import { JsonRefused, listOf, objectOf, parseBoundedJson } from './bounded-json.ts';
import { FeedBuilder, FeedRefused, type ReadFeed } from './feed-builder.ts';
import type { ListPolicy } from './indicator.ts';
import { readMispEvent } from './misp.ts';
import { linesOf, readPlainLine } from './plain.ts';
import { readRecord } from './record.ts';
import { readStixBundle } from './stix.ts';

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const LINE_FEED = 0x0a;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * @param bytes unpacked, within FEED_LIMITS.bytes
 * @throws FeedRefused with what is wrong with the feed
 */
export function readFeed(bytes: Uint8Array, policy: ListPolicy): ReadFeed {
  const builder = new FeedBuilder(policy);
  const body = withoutMark(bytes);
  try {
    const first = firstByte(body);
    if (first === OPEN_LIST || (first === OPEN_OBJECT && !isJsonLines(body))) readJson(parseBoundedJson(body), builder);
    else if (first === OPEN_OBJECT) for (const line of pieces(body)) readJson(parseBoundedJson(line), builder);
    else for (const line of linesOf(body)) readPlainLine(line, builder);
  } catch (error) {
    if (error instanceof JsonRefused) throw new FeedRefused(error.message);
    throw error;
  }
  return builder.finish();
}

/** One document, or one line of many: a bundle, an event, a record, or a list of those. */
function readJson(value: unknown, builder: FeedBuilder): void {
  const object = objectOf(value);
  if (object === null) {
    for (const item of listOf(value)) readItem(item, builder);
    return;
  }
  const list = [object['data'], object['response'], object['indicators']].find((member) => Array.isArray(member));
  if (object['type'] === 'bundle') readStixBundle(object, builder);
  else if (list !== undefined) for (const item of listOf(list)) readItem(item, builder);
  else readItem(object, builder);
}

function readItem(item: unknown, builder: FeedBuilder): void {
  const object = objectOf(item);
  const event = objectOf(object?.['Event']);
  if (object === null) builder.leaveOut();
  else if (event !== null) readMispEvent(event, builder);
  else if (object['type'] === 'bundle') readStixBundle(object, builder);
  else readRecord(object, builder);
}

/** More than one object, one a line: the first line is whole, and something follows it. */
function isJsonLines(body: Uint8Array): boolean {
  const end = body.indexOf(LINE_FEED);
  if (end < 0 || firstByte(body.subarray(end)) !== OPEN_OBJECT) return false;
  try {
    return objectOf(parseBoundedJson(body.subarray(0, end))) !== null;
  } catch {
    return false; // The first line of a document that is spread over many.
  }
}

function* pieces(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; ) {
    const found = body.indexOf(LINE_FEED, at);
    const end = found < 0 ? body.length : found;
    const line = body.subarray(at, end);
    if (firstByte(line) !== null) yield line;
    at = end + 1;
  }
}

function firstByte(bytes: Uint8Array): number | null {
  for (const byte of bytes) if (!BLANKS.has(byte)) return byte;
  return null;
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}
