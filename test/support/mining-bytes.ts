/** What miners and pools say, line by line; made up, after the definitions of their protocols. */
import { ascii, concat } from './bytes.ts';

const HEX_64 = 'ab'.repeat(32);
const BLOB = '0c'.repeat(76);
const json = (value: unknown) => JSON.stringify(value);
export const line = (value: unknown): Uint8Array => ascii(`${json(value)}\n`);

/** An address of 95 characters that begins as Monero's do. */
export const MONERO = `4${'AbCdEfGhJk'.repeat(9)}Mnpq`;
const ETH = `0x${'5a'.repeat(20)}`;

/** One exchange of a dialect: up from the miner, down from the pool. */
export interface Exchange {
  readonly up: readonly unknown[];
  readonly down: readonly unknown[];
}

const NOTIFY = ['1f', HEX_64, '01000000', 'ffffffff', [HEX_64], '20000000', '1a2b3c4d', '5e6f7081', true];
const ETH_WORK = [`0x${HEX_64}`, `0x${HEX_64}`, `0x${'0'.repeat(8)}ffff${'f'.repeat(52)}`];
const JOB = { blob: BLOB, job_id: 'j1', target: 'b88d0600' };

/** `up[i]` is answered by `down[i]` where that is an answer. */
export const EXCHANGES: Readonly<Record<string, Exchange>> = {
  'stratum-v1': {
    up: [
      { id: 1, method: 'mining.subscribe', params: ['cgminer/4.10.0'] },
      { id: 2, method: 'mining.authorize', params: ['account.rig1', 'x'] },
      { id: 3, method: 'mining.submit', params: ['account.rig1', '1f', '00000001', '5e6f7081', 'b2957c02'] },
    ],
    down: [
      { id: 1, result: [[['mining.notify', 'ae68']], '08000002', 4], error: null },
      { id: 2, result: true, error: null },
      { id: null, method: 'mining.set_difficulty', params: [1024] },
      { id: null, method: 'mining.notify', params: NOTIFY },
      { id: 3, result: null, error: [23, 'Low difficulty share', null] },
    ],
  },
  'ethereum-stratum-1': {
    up: [
      { id: 1, method: 'mining.subscribe', params: ['ethminer/0.18', 'EthereumStratum/1.0.0'] },
      { id: 2, method: 'mining.authorize', params: [`${ETH}.rig1`, 'x'] },
      { id: 4, method: 'mining.submit', params: [`${ETH}.rig1`, 'bf', 'b2957c0268bb9e'] },
    ],
    down: [
      { id: 1, result: [['mining.notify', 'ae68', 'EthereumStratum/1.0.0'], '080c'], error: null },
      { id: 2, result: true, error: null },
      { id: null, method: 'mining.notify', params: ['bf', HEX_64, HEX_64, true] },
      { id: 4, result: true, error: null },
    ],
  },
  'ethereum-stratum-2': {
    up: [
      {
        id: 0,
        method: 'mining.hello',
        params: { agent: 'ethminer-0.19', host: 'eth.example', proto: 'EthereumStratum/2.0.0' },
      },
      { id: 1, method: 'mining.subscribe', params: [] },
      { id: 2, method: 'mining.authorize', params: [`${ETH}.rig1`, 'x'] },
      { id: 31, method: 'mining.submit', params: ['bf0488aa', '68765fccd712', 'w-123'] },
    ],
    down: [
      { id: 0, result: { proto: 'EthereumStratum/2.0.0', encoding: 'plain', timeout: 'b4', node: 'Geth/v1.8.0' } },
      { id: 1, result: 's-12345' },
      { id: 2, result: 'w-123' },
      {
        method: 'mining.set',
        params: { epoch: 'dc', target: '0112e0be826d694b2e', algo: 'ethash', extranonce: 'af4c' },
      },
      { method: 'mining.notify', params: ['bf0488aa', '6526d5', HEX_64, '0'] },
      { id: 31 },
    ],
  },
  ethproxy: {
    up: [
      { worker: 'eth1.0', jsonrpc: '2.0', params: [`${ETH}.rig1`, 'x'], id: 2, method: 'eth_submitLogin' },
      { worker: '', jsonrpc: '2.0', params: [], id: 3, method: 'eth_getWork' },
      { id: 4, method: 'eth_submitWork', params: [`0x${'1'.repeat(16)}`, `0x${HEX_64}`, `0x${HEX_64}`] },
      { id: 6, jsonrpc: '2.0', method: 'eth_submitHashrate', params: ['0x1e0a6e0', `0x${HEX_64}`] },
    ],
    down: [
      { id: 2, jsonrpc: '2.0', result: true },
      { id: 3, jsonrpc: '2.0', result: ETH_WORK },
      { id: 4, jsonrpc: '2.0', result: true },
    ],
  },
  cryptonote: {
    up: [
      {
        id: 1,
        jsonrpc: '2.0',
        method: 'login',
        params: { login: `${MONERO}.rig1`, pass: 'x', agent: 'XMRig/6.21.0', algo: ['rx/0', 'cn/r'] },
      },
      {
        id: 2,
        jsonrpc: '2.0',
        method: 'submit',
        params: { id: 'session', job_id: 'j1', nonce: 'd0030040', result: HEX_64, algo: 'rx/0' },
      },
      { id: 3, jsonrpc: '2.0', method: 'keepalived', params: { id: 'session' } },
    ],
    down: [
      { id: 1, jsonrpc: '2.0', error: null, result: { id: 'session', job: JOB, status: 'OK' } },
      { id: 2, jsonrpc: '2.0', error: null, result: { status: 'OK' } },
      { jsonrpc: '2.0', method: 'job', params: JOB },
      { id: 3, jsonrpc: '2.0', error: null, result: { status: 'KEEPALIVED' } },
    ],
  },
  coinhive: {
    up: [
      {
        type: 'auth',
        params: { site_key: 'SiteKeyOfThirtyTwoCharacters1234', type: 'anonymous', user: null, goal: 0 },
      },
      { type: 'submit', params: { job_id: 'j1', nonce: '9e8a7b6c', result: HEX_64 } },
    ],
    down: [
      { type: 'authed', params: { token: '', hashes: 0 } },
      { type: 'job', params: JOB },
      { type: 'hash_accepted', params: { hashes: 256 } },
    ],
  },
};

/** Bodies of getwork and getblocktemplate. */
export const HTTP_EXCHANGES: Readonly<Record<string, readonly (readonly [unknown, unknown])[]>> = {
  getwork: [
    [
      { method: 'getwork', params: [], id: 1 },
      {
        result: { midstate: HEX_64, data: '01'.repeat(128), hash1: '00'.repeat(64), target: HEX_64 },
        error: null,
        id: 1,
      },
    ],
    [
      { method: 'getwork', params: ['01'.repeat(128)], id: 1 },
      { result: true, error: null, id: 1 },
    ],
  ],
  getblocktemplate: [
    [
      { method: 'getblocktemplate', params: [{ capabilities: ['coinbasetxn'] }], id: 0 },
      {
        result: {
          version: 4,
          previousblockhash: HEX_64,
          // More than is kept, before what tells.
          transactions: Array.from({ length: 200 }, () => ({ data: '01'.repeat(100), hash: HEX_64, depends: [] })),
          coinbasevalue: 5e9,
          curtime: 1.7e9,
          bits: '1d00ffff',
          height: 800_000,
        },
        error: null,
        id: 0,
      },
    ],
    [
      { method: 'submitblock', params: ['01'.repeat(300)], id: 1 },
      { result: null, error: null, id: 1 },
    ],
  ],
  'eth-getwork': [
    [
      { id: 1, jsonrpc: '2.0', method: 'eth_getWork', params: [] },
      { id: 1, jsonrpc: '2.0', result: ETH_WORK },
    ],
    [
      {
        id: 1,
        jsonrpc: '2.0',
        method: 'eth_submitWork',
        params: [`0x${'1'.repeat(16)}`, `0x${HEX_64}`, `0x${HEX_64}`],
      },
      { id: 1, jsonrpc: '2.0', result: false },
    ],
  ],
};

export function post(body: unknown, fields = ''): Uint8Array {
  const text = json(body);
  return ascii(
    `POST / HTTP/1.1\r\nHost: pool.example:8332\r\nUser-Agent: cpuminer/2.3.2\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`,
  );
}

export function answer(body: unknown, fields = ''): Uint8Array {
  const text = json(body);
  return ascii(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`);
}

/** A text frame of WebSocket, masked as clients' are if there is a key. */
export function textFrame(text: string, key: readonly number[] = []): Uint8Array {
  const bytes = ascii(text);
  const masked = key.length === 0 ? 0 : 0x80;
  const length = bytes.length < 126 ? [masked | bytes.length] : [masked | 126, bytes.length >> 8, bytes.length & 255];
  const payload = bytes.map((byte, i) => byte ^ (key[i & 3] ?? 0));
  return concat(Uint8Array.of(0x81, ...length, ...key), payload);
}
