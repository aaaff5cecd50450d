/**
 * Requests signed as Standard Webhooks has it (https://www.standardwebhooks.com, symmetric signatures, version 1), for which
 * receivers find libraries: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
 */
import { createHash, createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** A secret that begins with `whsec_` is the base64 of the key; any other is the key itself. */
export function webhookKey(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret, 'utf8');
}

export interface SignedHeaders extends Record<string, string> {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/** @param nowMs when it is sent: receivers refuse what is too old */
export function signedHeaders(id: string, body: Uint8Array, key: Buffer, nowMs: number): SignedHeaders {
  const timestamp = String(Math.floor(nowMs / 1000));
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}

/** The same for the same bytes, in another run too. */
export function contentId(...bytes: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const piece of bytes) hash.update(piece);
  return hash.digest('hex').slice(0, 32);
}
