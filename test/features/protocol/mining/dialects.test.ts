/** Each dialect, told by what both sides say; and what resembles them and is none. */
import { describe, expect, test } from 'vitest';
import { ascii } from '../../../support/bytes.ts';
import { answer, EXCHANGES, HTTP_EXCHANGES, line, MONERO, post } from '../../../support/mining-bytes.ts';
import { cellsOf, down, rowOfSaid, type Said, up } from '../clear-flow.ts';

const mining = (said: readonly Said[]) => cellsOf(rowOfSaid(said), 'mining_');

/** Requests and what comes back, in turn. */
function inTurn(dialect: string): Said[] {
  const { up: asked, down: told } = EXCHANGES[dialect]!;
  const said: Said[] = [];
  for (let i = 0; i < Math.max(asked.length, told.length); i++) {
    if (i < asked.length) said.push(up(line(asked[i])));
    if (i < told.length) said.push(down(line(told[i])));
  }
  return said;
}

describe('the whole of an exchange', () => {
  test.each(Object.keys(EXCHANGES))('%s: is proof, with who mines', (dialect) => {
    expect(mining(inTurn(dialect))).toMatchObject({
      mining_dialect: dialect,
      mining_transport: 'tcp',
      mining_proven: true,
      mining_miner: 'fwd',
      mining_submissions: 1,
      mining_lost: 0,
      mining_first_packets: 1,
      mining_proven_packets: 2,
    });
  });

  test.each(Object.keys(HTTP_EXCHANGES))('%s over HTTP: is proof', (dialect) => {
    const said = HTTP_EXCHANGES[dialect]!.flatMap(([asked, told]) => [up(post(asked)), down(answer(told))]);
    expect(mining(said)).toMatchObject({
      mining_dialect: dialect,
      mining_transport: 'http',
      mining_proven: true,
      mining_miner: 'fwd',
      mining_agent: 'cpuminer/2.3.2',
      mining_submissions: 1,
      mining_jobs: 1,
      mining_answered: 2,
    });
  });

  test.each(Object.keys(EXCHANGES))('%s: who was asked first may mine', (dialect) => {
    const said = inTurn(dialect).map(({ side, bytes }) => ({ side: (1 - side) as 0 | 1, bytes }));
    expect(mining(said)).toMatchObject({ mining_dialect: dialect, mining_miner: 'bwd' });
  });
});

describe('what is read of it', () => {
  test('Stratum v1: agent, account, worker, difficulty, verdicts', () => {
    expect(mining(inTurn('stratum-v1'))).toMatchObject({
      mining_agent: 'cgminer/4.10.0',
      mining_worker: 'rig1',
      mining_login: 'b656ecf747de',
      mining_login_length: 7,
      mining_first_difficulty: 1024,
      mining_last_difficulty: 1024,
      mining_difficulties: 1,
      mining_authorisations: 1,
      mining_authorised: 1,
      mining_accepted: 0,
      mining_rejected: 1,
      mining_jobs: 1,
      mining_miner_messages: 3,
      mining_pool_messages: 5,
      mining_answered: 3,
      mining_ids_count: true,
    });
  });

  test('CryptoNote: the algorithm of the share, the coin of the address, the hashes of the target', () => {
    const row = mining(inTurn('cryptonote'));
    expect(row).toMatchObject({
      mining_agent: 'XMRig/6.21.0',
      mining_algorithm: 'rx/0',
      mining_coin: 'monero',
      mining_worker: 'rig1',
      mining_login_length: 95,
      mining_keep_alives: 1,
      mining_accepted: 1,
    });
    // b88d0600 is 0x00068db8, the low byte first.
    expect(row['mining_first_difficulty']).toBeCloseTo(2 ** 32 / 0x68db8);
    expect(JSON.stringify(row)).not.toContain(MONERO.slice(0, 20));
  });

  test('Zcash: the host that the miner names, the target, and Equihash by its solution', () => {
    const said = [
      up(line({ id: 1, method: 'mining.subscribe', params: ['EWBF/0.6', null, 'zec.example', '6666'] })),
      down(line({ id: 1, result: [null, '0c00'], error: null })),
      up(line({ id: 2, method: 'mining.authorize', params: ['t1Address', 'x'] })),
      down(line({ id: 2, result: true })),
      down(line({ id: null, method: 'mining.set_target', params: [`0007${'f'.repeat(60)}`] })),
      up(
        line({ id: 4, method: 'mining.submit', params: ['t1Address', 'j', '5a', '0b', `fd4005${'ab'.repeat(1344)}`] }),
      ),
      down(line({ id: 4, result: true })),
      up(
        line({ id: 4, method: 'mining.submit', params: ['t1Address', 'j', '5a', '0b', `fd4005${'cd'.repeat(1344)}`] }),
      ),
      down(line({ id: 4, result: false, error: [21, 'Job not found', null] })),
    ];
    expect(mining(said)).toMatchObject({
      mining_dialect: 'stratum-v1',
      mining_algorithm: 'equihash/200_9',
      mining_pool: 'zec.example:6666',
      mining_difficulties: 1,
      mining_submissions: 2,
      mining_accepted: 1,
      mining_rejected: 1,
    });
  });

  test('getwork: the user of Basic authorization', () => {
    const [asked, told] = HTTP_EXCHANGES['getwork']![0]!;
    const row = mining([up(post(asked, `Authorization: Basic ${btoa('account.rig7:x')}\r\n`)), down(answer(told))]);
    expect(row).toMatchObject({ mining_login: 'b656ecf747de', mining_worker: 'rig7' });
  });

  test('controls and broken UTF-8 never come out as they were', () => {
    const agent = 'a\u001b[31m\u202e\u0000b';
    const row = mining([up(line({ id: 1, method: 'mining.subscribe', params: [agent] }))]);
    expect(row['mining_agent']).toBe('a\\x1b[31m\\xe2\\x80\\xae\\x00b');
    const broken = new Uint8Array([
      ...ascii('{"id":1,"method":"mining.subscribe","params":["'),
      0xff,
      0xc3,
      ...ascii('"]}\n'),
    ]);
    expect(mining([up(broken)])['mining_agent']).toBe('\\xff\\xc3');
  });
});

describe('one side alone', () => {
  test.each(Object.keys(EXCHANGES))('%s: either side shows the dialect, and neither proves it', (dialect) => {
    const { up: asked, down: told } = EXCHANGES[dialect]!;
    expect(mining(asked.map((one) => up(line(one))))).toMatchObject({ mining_dialect: dialect, mining_proven: false });
    expect(mining(told.map((one) => down(line(one))))).toMatchObject({
      mining_dialect: dialect,
      mining_proven: false,
      mining_miner: 'fwd',
    });
  });

  test("an answer that is not a pool's proves nothing", () => {
    const asked = up(line({ id: 1, method: 'mining.subscribe', params: [] }));
    for (const told of [
      { id: 1, error: { code: -32601, message: 'Method not found' } },
      { id: 2, result: [[], '08000002', 4] },
      { id: 1, result: { ok: 1 } },
      { id: 1 },
    ]) {
      expect(mining([asked, down(line(told))])).toMatchObject({ mining_proven: false, mining_answered: 0 });
    }
  });
});

const HASH = `0x${'12'.repeat(32)}`;

describe('what is none', () => {
  test.each<[string, readonly unknown[], readonly unknown[]]>([
    [
      "an Ethereum node's JSON-RPC",
      [
        { jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] },
        { jsonrpc: '2.0', id: 2, method: 'eth_getBlockByNumber', params: ['latest', false] },
        { jsonrpc: '2.0', id: 3, method: 'eth_mining', params: [] },
        { jsonrpc: '2.0', id: 4, method: 'eth_getLogs', params: [{ topics: [HASH, HASH, HASH] }] },
      ],
      [
        { jsonrpc: '2.0', id: 1, result: '0x1' },
        {
          jsonrpc: '2.0',
          id: 2,
          result: { hash: HASH, parentHash: HASH, difficulty: '0x1', nonce: '0x0', miner: HASH },
        },
        { jsonrpc: '2.0', id: 3, result: false },
        { jsonrpc: '2.0', id: 4, result: [{ topics: [HASH] }] },
      ],
    ],
    [
      'a language server',
      [{ jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: 1, capabilities: {} } }],
      [{ jsonrpc: '2.0', id: 1, result: { capabilities: { hoverProvider: true } } }],
    ],
    [
      "Bitcoin's wallet",
      [
        { id: 1, method: 'getmininginfo', params: [] },
        { id: 2, method: 'getblock', params: ['ab'.repeat(32)] },
        { id: 3, method: 'getbalance', params: [] },
      ],
      [
        { id: 1, result: { blocks: 1, difficulty: 1, networkhashps: 1 }, error: null },
        {
          id: 2,
          result: { height: 1, previousblockhash: 'ab'.repeat(32), bits: '1d00ffff', time: 1, tx: [] },
          error: null,
        },
        { id: 3, result: 0.5, error: null },
      ],
    ],
    [
      'Kodi',
      [{ jsonrpc: '2.0', method: 'Player.GetActivePlayers', id: 1 }],
      [{ id: 1, jsonrpc: '2.0', result: [{ playerid: 1, type: 'video' }] }],
    ],
    [
      'the Model Context Protocol',
      [{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'submit', arguments: { job: 'x' } } }],
      [{ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'mining.notify' }] } }],
    ],
    [
      'a telephone that logs in (Verto)',
      [{ jsonrpc: '2.0', method: 'login', params: { login: '1008@example', passwd: 'x', sessid: 'y' }, id: 1 }],
      [{ jsonrpc: '2.0', id: 1, result: { message: 'logged in', sessid: 'y' } }],
    ],
    [
      'a queue of jobs',
      [
        { method: 'submit', id: 1, params: { job_id: 7, payload: 'x' } },
        { type: 'submit', params: { job_id: 7, nonce: 'x', result: 'done' } },
        { method: 'job', params: { job_id: 7, target: 'linux', blob: 'text' } },
      ],
      [{ id: 1, result: { status: 'OK' } }],
    ],
    [
      'a log that tells of mining',
      [
        {
          level: 'info',
          message: '{"id":1,"method":"mining.subscribe","params":[]}',
          params: { method: 'mining.notify' },
        },
      ],
      [],
    ],
    [
      'a wrong shape under a right name',
      [
        { id: 1, method: 'mining.submit', params: { share: 1 } },
        { id: 2, method: 'mining.notify', params: ['text'] },
        { id: 3, method: 'eth_submitWork', params: ['0x1', '0x2', '0x3'] },
        { id: 4, method: 'submitblock', params: ['00'] },
        { id: 5, method: 'mining.unheard_of', params: [] },
      ],
      [],
    ],
  ])('%s', (_, asked, told) => {
    const said = [...asked.map((one) => up(line(one))), ...told.map((one) => down(line(one)))];
    expect(mining(said)).toEqual({});
    const overHttp = asked.flatMap((one, i) => [up(post(one)), down(answer(told[i] ?? {}))]);
    expect(mining(overHttp)).toEqual({});
  });
});
