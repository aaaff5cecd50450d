/** Where the service listens and who may ask it. */
import { readFileSync, statSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { unreadable } from '../../features/capture/input.ts';
import { HTTP_LIMITS, type HttpLimits } from './limits.ts';

/** PEM texts. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates of clients: with it, only clients that have one are let in. */
  readonly ca: string | null;
}

export interface HttpConfig {
  /** Default 127.0.0.1. Any other than a loopback address needs a token, or TLS with client certificates. */
  readonly host?: string;
  /** Default 9477; 0 for any that is free. */
  readonly port?: number;
  /** What clients must show as `Authorization: Bearer ...`; null for nothing. */
  readonly token?: string | null;
  readonly tls?: TlsConfig | null;
  /** Names besides those of loopback by which clients may call the service (`Host`), without ports. */
  readonly allowedHosts?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
}

export interface CheckedHttpConfig {
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
  readonly token: string | null;
  readonly tls: TlsConfig | null;
  readonly allowedHosts: readonly string[];
  readonly limits: HttpLimits;
}

export const DEFAULT_HTTP_HOST = '127.0.0.1';
export const DEFAULT_HTTP_PORT = 9477;
/** 16 random letters are beyond guessing at the rate that is let through. */
const TOKEN = /^[\x21-\x7e]{16,512}$/;
const MOST_SECRET_BYTES = 1 << 20;

/** @throws FlowlampError OPTION_INVALID, of an address that anybody could reach among others */
export function checkedHttpConfig(config: HttpConfig): CheckedHttpConfig {
  const { host = DEFAULT_HTTP_HOST, port = DEFAULT_HTTP_PORT, token = null, tls = null, allowedHosts = [] } = config;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw wrong(`the port of the HTTP service is ${port}`, 'a number from 0 to 65535', 'correct the port');
  }
  if (token !== null && !TOKEN.test(token)) {
    throw wrong(
      'the token of the HTTP service is too short, or holds blanks or other characters than those of ASCII',
      '16 to 512 printable characters without blanks',
      'make one, for instance with `openssl rand -hex 32`',
    );
  }
  const isLoopback = isLoopbackHost(host);
  if (!isLoopback && token === null && (tls === null || tls.ca === null)) {
    throw wrong(
      `the HTTP service is to listen on ${host}, where anybody could ask it`,
      'a token, or TLS with the authority (ca) that signs the certificates of clients',
      'set one of them, or listen on 127.0.0.1',
    );
  }
  // A name may stand for two addresses, and the second would be another server, without the bounds of the first.
  return {
    host: host === 'localhost' ? DEFAULT_HTTP_HOST : host,
    port,
    isLoopback,
    token,
    tls,
    allowedHosts,
    limits: checkedLimits(config.limits ?? {}),
  };
}

function checkedLimits(some: Partial<HttpLimits>): HttpLimits {
  const limits = { ...HTTP_LIMITS, ...some };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'requestsPerSecond' || name === 'waitingRequests' ? 0 : 1;
    if (Number.isSafeInteger(value) && value >= least && value <= 2 ** 40) continue;
    throw wrong(`the limit ${name} of the HTTP service is ${value}`, `a whole number from ${least} on`, 'correct it');
  }
  return limits;
}

/** Where secrets lie. */
export interface HttpSecretPlaces {
  readonly tokenFile?: string;
  /** Name of an environment variable. */
  readonly tokenEnv?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

/**
 * Reads what must not stand on a command line.
 *
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, or OPTION_INVALID for half of a pair
 */
export function readHttpSecrets(
  { tokenFile, tokenEnv, certFile, keyFile, caFile }: HttpSecretPlaces,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Pick<CheckedHttpConfig, 'token' | 'tls'> {
  if ((certFile === undefined) !== (keyFile === undefined) || (caFile !== undefined && certFile === undefined)) {
    throw wrong(
      'TLS of the HTTP service is half set',
      'a certificate and its key, and perhaps a ca',
      'name both files',
    );
  }
  const token = tokenFile !== undefined ? readSecret(tokenFile).trim() : tokenEnv !== undefined ? env[tokenEnv] : null;
  if (token === undefined) {
    throw wrong(`the environment has no ${tokenEnv}`, 'the token of the HTTP service in it', 'set it');
  }
  if (certFile === undefined || keyFile === undefined) return { token, tls: null };
  const ca = caFile === undefined ? null : readSecret(caFile);
  return { token, tls: { cert: readSecret(certFile), key: readSecret(keyFile), ca } };
}

function readSecret(path: string): string {
  try {
    if (statSync(path).size <= MOST_SECRET_BYTES) return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  throw wrong(`${path} has more than ${MOST_SECRET_BYTES} bytes`, 'a token or PEM', 'name the right file');
}

/** True for addresses that only this machine reaches. Names are not looked up: but `localhost` they may be anything. */
export function isLoopbackHost(host: string): boolean {
  const plain = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:/, '');
  return plain === 'localhost' || plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain);
}

function wrong(happened: string, expected: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action });
}
