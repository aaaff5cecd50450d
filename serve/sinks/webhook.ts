/**
 * Alerts to an HTTP server, some at a time: `POST` of
 *
 *     { "version": 1, "items": [{ "id": "...", "alert": "new", "before": null, "held_back": 0, ...columns of the row }] }
 *
 * A batch is delivered when the server answers 2xx, and sent again, under the same id, until it does: a server that has seen
 * an id ignores it. Ids are made of contents, so that they are the same after a restart.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Item } from '../live/items.ts';
import { bytesForm, type Destination, Refused, TryLater } from './destination.ts';
import { SINK_LIMITS } from './limits.ts';
import { alertText, recordObject } from './text-lines.ts';
import { contentId, signedHeaders, webhookKey } from './webhook-signature.ts';

const encoder = new TextEncoder();
const HEAD = encoder.encode('{"version":1,"items":[');
const COMMA = encoder.encode(',');
const TAIL = encoder.encode(']}\n');

/** Answers that may be others next time: RFC 9110 15, RFC 8470 (425), RFC 6585 (429). */
const PASSING = new Set([408, 425, 429]);

export class WebhookDestination implements Destination<Uint8Array> {
  readonly form = bytesForm('webhook/1');
  readonly #url: URL;
  readonly #key: Buffer;
  readonly #columns: readonly string[] | null;

  /** @throws FlowlampError OPTION_INVALID */
  constructor(url: string, secret: string, columns: readonly string[] | null) {
    this.#url = webhookUrl(url);
    this.#key = webhookKey(secret);
    this.#columns = columns;
  }

  encode(item: Item): Uint8Array | null {
    if (item.kind === 'rows') return null;
    const text = item.kind === 'alert' ? alertText(item, this.#columns) : JSON.stringify(recordObject(item));
    const id = contentId(encoder.encode(text));
    return encoder.encode(`{"id":"${id}",${text.slice(1)}`);
  }

  async send(payloads: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const body = Buffer.concat([
      HEAD,
      ...payloads.flatMap((payload, i) => (i === 0 ? [payload] : [COMMA, payload])),
      TAIL,
    ]);
    const id = contentId(body);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'flowlamp',
      'idempotency-key': id,
      ...signedHeaders(id, body, this.#key, Date.now()),
    };
    const response = await this.#post(headers, body, signal);
    await readAway(response);
    judge(response);
  }

  async #post(headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(this.#url, { method: 'POST', headers, body, redirect: 'manual', signal });
    } catch (error) {
      // Messages of fetch may name the address, which may be a secret.
      const { code } = ((error as Error).cause ?? error) as { code?: unknown };
      throw new Error(`the server cannot be reached (${typeof code === 'string' ? code : 'no connection'})`);
    }
  }

  async close(): Promise<void> {}
}

/** A little of the answer, for the connection to be used again; what it says is nobody's business. */
async function readAway({ body }: Response): Promise<void> {
  let total = 0;
  try {
    for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
      total += piece.length;
      if (total > SINK_LIMITS.answerBytes) return;
    }
  } catch {
    // The status has been read, and it decides.
  }
}

/** @throws unless the batch was taken */
function judge({ status, headers }: Response): void {
  if (status >= 200 && status < 300) return;
  const message = `the server answers ${status}`;
  if (PASSING.has(status) || status >= 500) throw new TryLater(message, retryAfterMs(headers.get('retry-after')));
  // Not where it is: a proxy that asks for a login, an address that has moved. The operator has to look; nothing is lost yet.
  if (status < 400) throw new Error(`${message}, and redirections are not followed`);
  throw new Refused(message);
}

/** Seconds, or a date (RFC 9110 10.2.3); 0 for neither. */
function retryAfterMs(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), SINK_LIMITS.retryAfterMs) : 0;
}

/** What is wrong is said without the address: whoever knows it can often post there. */
function webhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url !== null && /^https?:$/.test(url.protocol);
  if (isHttp && url.username === '' && url.password === '') return url;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: isHttp ? 'the address of the webhook holds a user name or password' : 'the webhook has no usable address',
    expected: 'an address such as https://siem.example/hooks/flowlamp',
    action: 'correct it; requests are signed with the secret',
  });
}
