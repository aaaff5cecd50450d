/** What is shown of those who mine. */
import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../../features/digests-node.ts';
import {
  accountShower,
  coinOf,
  hmacSha256,
  shownWorker,
  splitLogin,
} from '../../../../features/protocol/mining/login.ts';
import { MONERO } from '../../../support/mining-bytes.ts';

const show = accountShower(nodeDigests, {});

describe('a login', () => {
  test.each([
    ['account', 'account', ''],
    ['account.rig1', 'account', 'rig1'],
    ['account.rig1.gpu2', 'account', 'rig1.gpu2'],
    ['account/rig1', 'account', 'rig1'],
    ['account+50000', 'account', ''],
    ['account.rig1+50000', 'account', 'rig1'],
    ['account.rig1/me@mail.example', 'account', 'rig1'],
    ['me@mail.example', 'me@mail.example', ''],
    ['.rig1', '.rig1', ''],
    ['', '', ''],
  ])('%s is an account and a worker', (login, account, worker) => {
    expect(splitLogin(login)).toEqual({ account, worker });
  });
});

describe('an account', () => {
  test('is 12 digits of HMAC-SHA-256, the same in every run', () => {
    // printf account | openssl dgst -sha256 -hmac 'flowlamp mining_login v1'
    expect(show('account')).toBe('b656ecf747de');
  });

  test('under a salt of its own is another, and as it is if it is to be revealed', () => {
    const salt = new Uint8Array(32).fill(7);
    const salted = accountShower(nodeDigests, { salt });
    expect(salted('account')).toBe(createHmac('sha256', salt).update('account').digest('hex').slice(0, 12));
    expect(salted('account')).not.toBe(show('account'));
    expect(accountShower(nodeDigests, { reveal: true })('account')).toBe('account');
  });

  test.each([1, 32, 64, 65, 200])('is hashed as others do under a key of %i bytes', (length) => {
    const key = randomBytes(length);
    const message = randomBytes(length);
    expect(hmacSha256(nodeDigests, key, message)).toBe(createHmac('sha256', key).update(message).digest('hex'));
  });

  test.each([
    [MONERO, 'monero'],
    [`bc1q${'qpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9'}`, 'bitcoin'],
    [`ltc1q${'qpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9'}`, 'litecoin'],
    [`kaspa:${'q'.repeat(61)}`, 'kaspa'],
    [`0x${'5a'.repeat(20)}`, null],
    ['1BoatSLRHtKNngkdXEeobR76b53LETtpyT', null],
    [MONERO.slice(1), null],
    ['account', null],
  ])('%s is of %s', (account, coin) => {
    expect(coinOf(account)).toBe(coin);
  });
});

describe("a worker's name", () => {
  test('is shown without the wallet in it', () => {
    const wallet = `0x${'5a'.repeat(20)}`;
    expect(shownWorker('rig1', wallet, show)).toBe('rig1');
    expect(shownWorker(`rig1-${wallet}`, wallet, show)).toBe(`rig1-${show(wallet)}`);
  });

  test('is shown without what may be another wallet or a payment number', () => {
    const payment = 'ab'.repeat(32);
    expect(shownWorker(`${payment}.rig1`, 'account', show)).toBe(`${show(payment)}.rig1`);
  });
});
