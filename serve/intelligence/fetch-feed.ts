/**
 * The bytes of a feed, from a file or over HTTP(S): bounded in bytes, unpacked bytes, time and redirections, whatever the
 * other side does.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parseBoundedJson } from './bounded-json.ts';
import { FeedRefused } from './feed-builder.ts';
import { FEED_LIMITS } from './limits.ts';
import { eventFiles } from './misp.ts';

/** What a MISP feed calls the list of its events. */
const MANIFEST = 'manifest.json';
const unzipped = promisify(gunzip);
const LINE_FEED = 0x0a;
const BLANK = 0x20;

/** What a server wants to hear, to say that nothing has changed (RFC 9110 8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export const NO_VALIDATORS: Validators = { etag: null, lastModified: null };

export interface Fetched extends Validators {
  readonly bytes: Uint8Array;
}

/** A feed that could not be had; the message goes on with `the feed NAME`. */
export class FeedUnreadable extends Error {
  override readonly name = 'FeedUnreadable';
}

export interface FetchOptions {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/**
 * @param known of the copy at hand; null if there is none
 * @returns null where the copy at hand is still right
 * @throws FeedUnreadable, or FeedRefused for what is too large
 */
export async function fetchFeed(
  source: string,
  known: Validators | null,
  options: FetchOptions = {},
): Promise<Fetched | null> {
  if (!isUrl(source)) return { bytes: await readFeedFiles(source, options), ...NO_VALIDATORS };
  const url = urlOf(source);
  const fetched = await fetchOver(url, known, options);
  if (fetched === null || !url.pathname.endsWith(`/${MANIFEST}`)) return fetched;
  const event = async (name: string) =>
    (await fetchOver(new URL(name, url), null, options))?.bytes ?? new Uint8Array(0);
  return { ...fetched, bytes: await mispEvents(fetched.bytes, event, options) };
}

async function readFeedFiles(path: string, options: FetchOptions): Promise<Uint8Array> {
  const bytes = await readFeedFile(path, options);
  if (basename(path) !== MANIFEST) return bytes;
  return mispEvents(bytes, (name) => readFeedFile(join(dirname(path), name), options), options);
}

function urlOf(source: string): URL {
  const url = URL.canParse(source) ? new URL(source) : null;
  if (url === null) throw new FeedUnreadable('has an address that is no URL');
  if (url.username !== '' || url.password !== '') {
    throw new FeedUnreadable('has a user name or password in its address, which would end up in logs');
  }
  return url;
}

async function readFeedFile(path: string, { maxBytes = FEED_LIMITS.bytes }: FetchOptions): Promise<Uint8Array> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) throw new FeedUnreadable('is a folder');
    return await unpacked(await readUpTo(file, maxBytes), maxBytes);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === undefined) throw cause;
    throw new FeedUnreadable(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`, { cause });
  } finally {
    await file?.close();
  }
}

/** Piece by piece: what is no regular file has no size. */
async function readUpTo(file: FileHandle, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let total = 0; ; ) {
    const piece = new Uint8Array(1 << 20);
    const { bytesRead: count } = await file.read(piece);
    if (count === 0) return Buffer.concat(pieces);
    total += count;
    if (total > most) throw tooLarge(most);
    pieces.push(piece.subarray(0, count));
  }
}

async function fetchOver(first: URL, known: Validators | null, options: FetchOptions): Promise<Fetched | null> {
  const { timeoutMs = FEED_LIMITS.timeoutMs, maxBytes = FEED_LIMITS.bytes } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await follow(first, known, signal);
    if (response.status === 304) {
      await response.body?.cancel();
      if (known === null) throw new FeedUnreadable('answers 304, although no copy is at hand');
      return null;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new FeedUnreadable(`answers ${response.status}`);
    }
    const bytes = await unpacked(await bodyOf(response, maxBytes), maxBytes);
    return { bytes, etag: headerOf(response, 'etag'), lastModified: headerOf(response, 'last-modified') };
  } catch (cause) {
    if (cause instanceof FeedUnreadable || cause instanceof FeedRefused) throw cause;
    if (signal.aborted) throw new FeedUnreadable(`is not there after ${timeoutMs / 1000} s`, { cause });
    throw new FeedUnreadable(`cannot be fetched (${reasonOf(cause)})`, { cause });
  }
}

/** Redirections on the same host only, and never from HTTPS to HTTP: nobody else may answer for the feed. */
async function follow(first: URL, known: Validators | null, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { 'user-agent': 'flowlamp', accept: '*/*' };
  if (known !== null && known.etag !== null) headers['if-none-match'] = known.etag;
  if (known !== null && known.lastModified !== null) headers['if-modified-since'] = known.lastModified;
  let url = first;
  for (let hops = 0; hops <= FEED_LIMITS.redirects; hops++) {
    const response = await fetch(url.href, { headers, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status < 301 || response.status > 308 || response.status === 304 || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
    if (
      next === null ||
      next.hostname !== first.hostname ||
      (url.protocol === 'https:' && next.protocol !== 'https:')
    ) {
      throw new FeedUnreadable('sends to another host, or away from HTTPS');
    }
    url = next;
  }
  throw new FeedUnreadable(`sends on more than ${FEED_LIMITS.redirects} times`);
}

/** What the server says of the length is not believed; Content-Encoding is undone before the bytes are counted. */
async function bodyOf(response: Response, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  if (response.body === null) return new Uint8Array(0);
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    total += piece.length;
    if (total > most) throw tooLarge(most);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** A gzip file, unpacked once: no feed is packed twice. */
async function unpacked(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unzipped(bytes, { maxOutputLength: most });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(most);
    throw new FeedRefused('is a gzip file that is damaged', { cause });
  }
}

/** The events that a manifest of MISP names, one a line. */
async function mispEvents(
  manifest: Uint8Array,
  load: (name: string) => Promise<Uint8Array>,
  { maxBytes = FEED_LIMITS.bytes }: FetchOptions,
): Promise<Uint8Array> {
  const until = Date.now() + FEED_LIMITS.mispTimeoutMs;
  const lines: Uint8Array[] = [];
  let total = 0;
  for (const name of eventFiles(parseBoundedJson(manifest))) {
    if (Date.now() > until) throw new FeedUnreadable('has events that do not come in time');
    // In JSON, line ends stand between values only.
    const line = (await load(name)).map((byte) => (byte === LINE_FEED ? BLANK : byte));
    total += line.length + 1;
    if (total > maxBytes) throw tooLarge(maxBytes);
    lines.push(line, Uint8Array.of(LINE_FEED));
  }
  return Buffer.concat(lines);
}

function headerOf(response: Response, name: string): string | null {
  const value = response.headers.get(name);
  return value === null || value.length > FEED_LIMITS.valueCharacters ? null : value;
}

function tooLarge(most: number): FeedRefused {
  return new FeedRefused(`is larger than ${Math.floor(most / 1024 / 1024)} MiB, unpacked`);
}

/** What the network says, in a word: ECONNREFUSED, UND_ERR_SOCKET. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
