/**
 * Who mines: the account, which is a wallet more often than not, apart from the name of the machine. A wallet identifies
 * somebody for good, so what is shown of it is a salted hash, unless the user asks for it as it is.
 */
import type { Digests } from '../../../core/digest.ts';
import { MINING_LIMITS } from './limits.ts';

export interface LoginOptions {
  /** Shows accounts as they are. */
  readonly reveal?: boolean;
  /** What accounts are hashed with: 32 bytes that nobody else knows. Without it the hash is the same for everybody. */
  readonly salt?: Uint8Array;
}

/** What replaces an account. */
export type ShowAccount = (account: string) => string;

/** HMAC's (RFC 2104) block of SHA-256, and what fills it. */
const BLOCK_BYTES = 64;
const INNER = 0x36;
const OUTER = 0x5c;
/** Digits shown: 48 bits, in which a million accounts collide with a chance of 1 in 500. */
const SHOWN_DIGITS = 12;
/** The salt where the user gives none: not a secret, but a table of hashes of anything else is of no use. */
const PUBLIC_SALT = 'flowlamp mining_login v1';

export function accountShower(digests: Digests, { reveal = false, salt }: LoginOptions): ShowAccount {
  if (reveal) return (account) => account;
  const key = salt ?? new TextEncoder().encode(PUBLIC_SALT);
  return (account) => hmacSha256(digests, key, new TextEncoder().encode(account)).slice(0, SHOWN_DIGITS);
}

/** Lowercase hexadecimal HMAC-SHA-256. */
export function hmacSha256(digests: Digests, key: Uint8Array, message: Uint8Array): string {
  const short = key.length > BLOCK_BYTES ? bytesOf(digests.sha256HexOf(key)) : key;
  const padded = (fill: number, tail: Uint8Array) => {
    const block = new Uint8Array(BLOCK_BYTES + tail.length).fill(fill, 0, BLOCK_BYTES);
    short.forEach((byte, i) => {
      block[i]! ^= byte;
    });
    block.set(tail, BLOCK_BYTES);
    return block;
  };
  return digests.sha256HexOf(padded(OUTER, bytesOf(digests.sha256HexOf(padded(INNER, message)))));
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export interface Login {
  readonly account: string;
  /** '' if it names none. */
  readonly worker: string;
}

/** A part of a login and the mark before it; a mail address behind a slash, with what follows it. */
const PART = /([./+])([^./+]*)/g;
const MAIL = /\/[^/]*@.*$/s;

/**
 * `account.worker`, `account/worker`, `account+difficulty`, `account.worker/mail`; an account may be a mail address itself.
 */
export function splitLogin(login: string): Login {
  if (/^[^/+]*@/.test(login)) return { account: login.split(/[/+]/)[0]!, worker: '' };
  const end = login.search(/[./+]/);
  if (end <= 0) return { account: login, worker: '' };
  const parts = [...login.slice(end).replace(MAIL, '').matchAll(PART)];
  const worker = parts.flatMap(([, mark, part]) => (mark === '+' || part === '' ? [] : [part!])).join('.');
  return { account: login.slice(0, end), worker };
}

/** A run of so many letters and digits is no name of a machine: wallets have 25 and more, payment numbers 64. */
export const LEAST_WALLET = 20;
const WALLET = new RegExp(`[0-9A-Za-z]{${LEAST_WALLET},}`, 'g');

/** A worker's name without what looks like a wallet in it. */
export function shownWorker(worker: string, account: string, show: ShowAccount): string {
  const without = account.length > 3 ? worker.replaceAll(account, () => show(account)) : worker;
  return without.replaceAll(WALLET, (run) => show(run)).slice(0, MINING_LIMITS.workerBytes);
}

/** Coins whose addresses cannot be taken for another's. */
const COINS: readonly (readonly [coin: string, address: RegExp])[] = [
  ['monero', /^[48][1-9A-HJ-NP-Za-km-z]{94}$|^4[1-9A-HJ-NP-Za-km-z]{105}$/],
  ['bitcoin', /^bc1[02-9ac-hj-np-z]{39}$|^bc1[02-9ac-hj-np-z]{59}$/],
  ['litecoin', /^ltc1[02-9ac-hj-np-z]{39}$|^ltc1[02-9ac-hj-np-z]{59}$/],
  ['kaspa', /^kaspa:[02-9ac-hj-np-z]{61,63}$/],
];

/** The coin that an account is an address of, null if it is none or one of several coins. */
export function coinOf(account: string): string | null {
  return COINS.find(([, address]) => address.test(account))?.[0] ?? null;
}
