/** Bodies, piece by piece: never more than is allowed, never slower than is fair. */
import type { IncomingMessage } from 'node:http';
import { ErrorCode } from '../../core/errors.ts';
import type { HttpLimits } from './limits.ts';
import { Refusal, tooLarge } from './refusal.ts';

/** What a body is called in errors, and the capture in the column `capture`. */
export const BODY_NAME = 'the body';

/** A pace says nothing before so long, ms. */
const GRACE_MS = 10_000;

/** The length that a request announces, null where it does not (chunked). Node refuses what is no number. */
export function announcedLength(request: IncomingMessage): number | null {
  const length = request.headers['content-length'];
  return length === undefined ? (request.headers['transfer-encoding'] === undefined ? 0 : null) : Number(length);
}

/**
 * Refuses before a byte is read what is announced as too long, or packed in a way that is not unpacked.
 *
 * @throws Refusal 413, 415
 */
export function checkAnnounced(request: IncomingMessage, most: number): void {
  if ((announcedLength(request) ?? 0) > most) throw tooLarge(BODY_NAME, most);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  throw new Refusal(
    415,
    ErrorCode.Unsupported,
    {
      happened: 'the body has a Content-Encoding',
      expected: 'the body as it is; captures may be gzip themselves',
      action: 'leave the header out',
    },
    { 'accept-encoding': 'identity' },
  );
}

/**
 * The pieces of a body. What is left of it after an error stays unread; the connection stays, for the answer.
 *
 * @throws Refusal 413 for a longer one, 408 for one that pauses or trickles
 */
export async function* bodyPieces(
  request: IncomingMessage,
  most: number,
  { pauseMs, bytesPerSecond }: HttpLimits,
): AsyncGenerator<Uint8Array> {
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  const beganMs = performance.now();
  let bytes = 0;
  try {
    for (;;) {
      const next = await withinPause(pieces.next(), pauseMs);
      if (next.done === true) return;
      bytes += next.value.length;
      if (bytes > most) throw tooLarge(BODY_NAME, most);
      const ms = performance.now() - beganMs;
      if (ms > GRACE_MS && bytes < (bytesPerSecond * ms) / 1000) throw tooSlow();
      yield next.value;
    }
  } finally {
    // Node reads on and throws away, once nobody else reads. Not waited for: a piece may be due that never comes.
    pieces.return?.().catch(() => undefined);
  }
}

async function withinPause<T>(next: Promise<T>, pauseMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), pauseMs);
  });
  try {
    return await Promise.race([next, pause]);
  } finally {
    clearTimeout(timer);
  }
}

/** The whole body. */
export async function wholeBody(request: IncomingMessage, most: number, limits: HttpLimits): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bodyPieces(request, most, limits)) pieces.push(piece);
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

function tooSlow(): Refusal {
  return new Refusal(408, ErrorCode.LimitExceeded, {
    happened: 'the body comes too slowly',
    expected: 'a body without long pauses',
    action: 'send it again, over a better connection',
  });
}

/** The media type of a request without its parameters, '' where there is none. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? '').split(';')[0]!.trim().toLowerCase();
}
