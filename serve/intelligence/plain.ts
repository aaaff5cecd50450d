/**
 * Plain lists: one indicator a line, hosts files, `type,value[,risk[,malware[,last seen]]]`, and the simplest rule of ad
 * blockers. `#`, `;` and `//` at the beginning of a line make a comment, and ` #` behind an indicator.
 */
import { numberOf, secondsOf } from './bounded-json.ts';
import { type FeedBuilder, FeedRefused, tooManyRows } from './feed-builder.ts';
import { kindOfType } from './indicator.ts';
import { FEED_LIMITS } from './limits.ts';

const LINE_FEED = 0x0a;
/** A whole line, or what follows an indicator. */
const COMMENT = /^(?:#|;|\/\/|!).*|\s[#;].*$/s;
/** What hosts files send names to. */
const SINK = /^(?:0\.0\.0\.0|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1?|fe80::1%lo0)\s+/;
const RULE = /^\|\|([^/^*|]+)\^$/;

/** The lines; none may be longer than the bound. */
export function* linesOf(body: Uint8Array): Generator<string> {
  checkLineCount(body);
  const decoder = new TextDecoder('utf-8');
  for (let at = 0; at < body.length; ) {
    const found = body.indexOf(LINE_FEED, at);
    const end = found < 0 ? body.length : found;
    if (end - at > FEED_LIMITS.lineBytes) throw new FeedRefused('has lines that are too long for a list');
    yield decoder.decode(body.subarray(at, end));
    at = end + 1;
  }
}

/** Counting ends of lines takes a hundredth of the time of reading them. */
function checkLineCount(body: Uint8Array): void {
  let lines = 0;
  for (let at = body.indexOf(LINE_FEED); at >= 0; at = body.indexOf(LINE_FEED, at + 1)) {
    if (++lines > FEED_LIMITS.rows) throw tooManyRows();
  }
}

export function readPlainLine(written: string, builder: FeedBuilder): void {
  const line = written.trim().replace(COMMENT, '').trim();
  if (line === '') return;
  const names = SINK.exec(line);
  if (names !== null) {
    for (const name of line.slice(names[0].length).split(/\s+/)) builder.add('domain', name);
    return;
  }
  if (line.includes(',')) readCells(line, builder);
  else builder.add(null, RULE.exec(line)?.[1] ?? line);
}

function readCells(line: string, builder: FeedBuilder): void {
  const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const [type = '', value = '', risk, malware = '', lastSeen] = cells;
  // The line of names above a table.
  if (/^(?:type|kind)$/i.test(type) && /^(?:value|indicator)$/i.test(value)) return;
  if (kindOfType(type) === null) builder.leaveOut();
  else
    builder.addTyped(type, value, { risk: numberOf(risk), malware, lastSeen: secondsOf(lastSeen), validUntil: null });
}
