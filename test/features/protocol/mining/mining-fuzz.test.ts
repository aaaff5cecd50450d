/** Mining sessions with something wrong: never throws, never reads past the end, stays within its bounds. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { MINING_LIMITS } from '../../../../features/protocol/mining/limits.ts';
import { ascii, concat } from '../../../support/bytes.ts';
import { answer, EXCHANGES, HTTP_EXCHANGES, line, post, textFrame } from '../../../support/mining-bytes.ts';
import type { Row } from '../../../support/rows.ts';
import { cellsOf, down, framesOf, rowOf, rowOfSaid, type Said, segments, up } from '../clear-flow.ts';
import { mutate } from '../tls/mutate.ts';

const mining = (row: Row) => cellsOf(row, 'mining_');
const SUBSCRIBE = up(line({ id: 1, method: 'mining.subscribe', params: ['a'] }));

/** Whole sides of all dialects, in all that they come in. */
const SESSIONS: readonly (readonly [Uint8Array, Uint8Array])[] = [
  ...Object.values(EXCHANGES).map(
    ({ up: asked, down: told }) => [concat(...asked.map(line)), concat(...told.map(line))] as const,
  ),
  ...Object.values(HTTP_EXCHANGES).map(
    (exchange) =>
      [concat(...exchange.map(([asked]) => post(asked))), concat(...exchange.map(([, told]) => answer(told)))] as const,
  ),
  [
    concat(
      ascii('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n'),
      ...EXCHANGES['coinhive']!.up.map((one) => textFrame(JSON.stringify(one), [1, 2, 3, 4])),
    ),
    concat(
      ascii('HTTP/1.1 101 x\r\n\r\n'),
      ...EXCHANGES['coinhive']!.down.map((one) => textFrame(JSON.stringify(one))),
    ),
  ],
];

/** Both sides in pieces of any length. */
function pieces(random: Prng, sides: readonly [Uint8Array, Uint8Array]): Said[] {
  const said: Said[] = [];
  const at: [number, number] = [0, 0];
  while (at[0] < sides[0].length || at[1] < sides[1].length) {
    const side = at[1] >= sides[1].length || (at[0] < sides[0].length && random.chance(0.5)) ? 0 : 1;
    const end = at[side] + random.integer(1, random.pick([20, 400, 1400]));
    said.push({ side, bytes: sides[side].slice(at[side], end) });
    at[side] = end;
  }
  return said;
}

test('mutated sessions, in pieces that come twice, late or not at all', () => {
  const random = new Prng('mining fuzz');
  let found = 0;
  for (let round = 0; round < 600; round++) {
    const [asked, told] = random.pick(SESSIONS);
    const said = pieces(random, [mutate(random, asked), mutate(random, told)]);
    const sent = segments(said).filter(() => random.chance(0.95));
    const mixed = sent.flatMap((one, i) => (random.chance(0.1) ? [one, sent[Math.max(0, i - 1)]!] : [one]));
    const row = rowOf(framesOf(mixed, { withSyn: random.chance(0.8) }));
    const cells = mining(row ?? {});
    if (cells['mining_dialect'] !== undefined) found++;
    for (const value of Object.values(cells)) {
      if (typeof value === 'string') expect(value).not.toMatch(/\p{C}/u);
      else expect(Number(value)).toBeGreaterThanOrEqual(0);
    }
    expect(Number(cells['mining_accepted'] ?? 0) + Number(cells['mining_rejected'] ?? 0)).toBeLessThanOrEqual(
      Number(cells['mining_submissions'] ?? 0),
    );
  }
  expect(found).toBeGreaterThan(280);
});

describe('hostile messages among those of a session', () => {
  const withHostile = (hostile: string) => mining(rowOfSaid([SUBSCRIBE, up(ascii(`${hostile}\n`)), SUBSCRIBE]));

  test.each([
    ['nested a hundred thousand times', `{"params":${'['.repeat(1e5)}`],
    ['a number of a million digits where an id is', `{"id":${'9'.repeat(1e5)},"method":"mining.subscribe"`],
    ['NUL bytes', '\0'.repeat(1000)],
    ['a string without an end', `{"method":"${'mining.notify'.repeat(1000)}`],
    ['half a pair of surrogates', '{"method":"mining.subscribe\\ud800","id":1,"params":[]}'],
    ['nothing but braces', '{'.repeat(50_000)],
  ])('%s costs its line', (_, hostile) => {
    expect(withHostile(hostile.slice(0, 60_000))).toMatchObject({ mining_dialect: 'stratum-v1' });
    expect(Number(withHostile(hostile.slice(0, 60_000))['mining_miner_messages'])).toBeGreaterThanOrEqual(1);
  });

  test('a million ids are awaited by the dozen', () => {
    const many = Array.from({ length: 3000 }, (_, i) =>
      JSON.stringify({ id: i, method: 'mining.submit', params: ['a', 'b', 'c', 'd', 'e'] }),
    );
    const said = [up(ascii(`${many.slice(0, 500).join('\n')}\n`)), up(ascii(`${many.slice(500, 1000).join('\n')}\n`))];
    const replies = Array.from({ length: 1000 }, (_, i) => JSON.stringify({ id: i, result: true }));
    const row = mining(rowOfSaid([...said, down(ascii(`${replies.join('\n')}\n`))]));
    expect(row).toMatchObject({ mining_submissions: 1000, mining_accepted: MINING_LIMITS.requests });
  });

  test('a WebSocket frame that claims exabytes is not waited for', () => {
    const head = ascii('GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n');
    const huge = Uint8Array.of(0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4);
    const frame = textFrame(JSON.stringify(EXCHANGES['coinhive']!.up[0]), [1, 2, 3, 4]);
    expect(mining(rowOfSaid([up(head), up(huge), up(frame)]))).toMatchObject({ mining_dialect: 'coinhive' });
  });

  test.each([
    'Content-Length: 999999999999',
    'Transfer-Encoding: chunked',
    'Content-Length: -1',
    'Content-Length: 1e9',
  ])('HTTP with %s and no more than a word', (field) => {
    const head = ascii(`POST / HTTP/1.1\r\n${field}\r\n\r\nzz`);
    expect(mining(rowOfSaid([up(head), down(ascii('HTTP/1.1 200 OK\r\n\r\n{'))]))).toEqual({});
  });
});
