/** Who may ask: tokens, names by which the service is called, and pages of other sites that let a browser ask for them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ErrorCode } from '../../core/errors.ts';
import { type CheckedHttpConfig, isLoopbackHost } from './config.ts';
import { Refusal } from './refusal.ts';

export class Access {
  readonly #token: Buffer | null;
  readonly #isLoopback: boolean;
  readonly #isTls: boolean;
  readonly #allowed: ReadonlySet<string>;

  constructor({ token, isLoopback, tls, allowedHosts }: CheckedHttpConfig) {
    this.#token = token === null ? null : digest(token);
    this.#isLoopback = isLoopback;
    this.#isTls = tls !== null;
    this.#allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /**
   * A page of a foreign site can make its own name point here, and let a browser ask (DNS rebinding); or it can let the
   * browser send what needs no leave, under our name.
   *
   * @throws Refusal 421 for a name that is not ours, 403 for a page that is not
   */
  checkCaller(headers: IncomingHttpHeaders): void {
    const { host = '', origin } = headers;
    const isChecked = this.#isLoopback || this.#allowed.size > 0;
    if (isChecked && !this.#isOurs(nameOfHost(host))) {
      throw new Refusal(421, ErrorCode.OptionInvalid, {
        happened: 'the request calls this service by a name that is not its own (Host)',
        expected: 'localhost or a loopback address, or a name that the service was told of',
        action: 'use one of these',
      });
    }
    const site = headers['sec-fetch-site'];
    const own = `${this.#isTls ? 'https' : 'http'}://${host}`.toLowerCase();
    const isForeign = origin !== undefined && origin.toLowerCase() !== own;
    if (!isForeign && (site === undefined || site === 'same-origin' || site === 'none')) return;
    throw new Refusal(403, ErrorCode.OptionInvalid, {
      happened: 'the request comes from a page of another site',
      expected: 'programs, which send no Origin',
      action: 'ask from a program',
    });
  }

  #isOurs(name: string | null): boolean {
    if (name === null) return false;
    return this.#allowed.has(name) || (this.#isLoopback && isLoopbackHost(name));
  }

  /** Whether the request shows the token; true where none is asked for. Takes equally long whatever is shown. */
  isKnown(headers: IncomingHttpHeaders): boolean {
    if (this.#token === null) return true;
    const shown = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(shown), this.#token);
  }

  /** Whether it may change what the service does: with the token, or, where there is none, from this machine. */
  mayOperate(remoteAddress: string | undefined): boolean {
    return this.#token !== null || (this.#isLoopback && isLoopbackHost(remoteAddress ?? ''));
  }
}

/** Digests are equally long, as the comparison wants them. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The name without its port, null for what is none. */
function nameOfHost(host: string): string | null {
  return /^(\[[0-9a-f:.%]+\]|[^:@/\\?#\s[\]]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? null;
}

export function unauthorized(): Refusal {
  return new Refusal(
    401,
    ErrorCode.KeyInvalid,
    {
      happened: 'the request shows no token, or another one',
      expected: 'Authorization: Bearer and the token of this service',
      action: 'ask its operator for it',
    },
    { 'www-authenticate': 'Bearer realm="flowlamp"' },
  );
}
