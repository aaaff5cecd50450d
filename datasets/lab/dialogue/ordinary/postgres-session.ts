/**
 * A connection to a PostgreSQL server (frontend/backend protocol 3.0): a pooled connection that is checked on a timer, an
 * application's statements at random times, a listener the server notifies, or a standby that reports its position and is fed a
 * thin write-ahead log. Prepared statements with parameters of one shape give few sizes and strict pairing.
 *
 * Periods are the defaults: a standby reports every 10 s (wal_receiver_status_interval), pools check in 30 s to minutes. Other
 * rates and sizes are chosen.
 */
import type { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, type Part, u16, u32 } from '../bytes.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { broadcasts, poisson, timer } from '../rhythm.ts';

const PROTOCOL_3 = 196_608;

/** Type, length including itself, fields. */
function message(type: string, ...fields: Part[]): Uint8Array {
  const length = fields.reduce((sum, part) => sum + part.length, 0);
  return bytesOf(type, u32(length + 4), ...fields);
}

const cString = (text: string): Part => bytesOf(text, [0]);
const READY = message('Z', 'I');
const PARAMETERS: readonly (readonly [string, string])[] = [
  ['application_name', ''],
  ['client_encoding', 'UTF8'],
  ['DateStyle', 'ISO, MDY'],
  ['integer_datetimes', 'on'],
  ['IntervalStyle', 'postgres'],
  ['is_superuser', 'off'],
  ['server_encoding', 'UTF8'],
  ['server_version', '16.2 (Debian 16.2-1.pgdg120+2)'],
  ['standard_conforming_strings', 'on'],
  ['TimeZone', 'Etc/UTC'],
];

/** Start-up, SCRAM-SHA-256 in two rounds, parameters; returns the index of the first ReadyForQuery. */
function connect(script: Script, prng: Prng, operator: Prng): number {
  const user = letters(operator, operator.integer(4, 16));
  const pairs = [
    'user',
    user,
    'database',
    letters(operator, operator.integer(4, 20)),
    'application_name',
    letters(prng, 12),
  ];
  const body = bytesOf(u32(PROTOCOL_3), ...pairs.map(cString), [0]);
  let last = script.say('client', prng.integer(200, 5_000), bytesOf(u32(body.length + 4), body));
  const exchange = (answer: Uint8Array, request: Uint8Array) => {
    last = script.reply(script.reply(last, answer, serverThinkUs(prng)), request, prng.integer(200, 6_000));
  };
  const nonce = letters(prng, 24);
  const clientFirst = `n,,n=,r=${nonce}`;
  exchange(
    message('R', u32(10), cString('SCRAM-SHA-256'), [0]),
    message('p', cString('SCRAM-SHA-256'), u32(clientFirst.length), clientFirst),
  );
  const server = `r=${nonce}${letters(prng, 24)}`;
  exchange(
    message('R', u32(11), `${server},s=${letters(operator, 24)},i=4096`),
    message('p', `c=biws,${server},p=${letters(prng, 44)}`),
  );
  const settings = PARAMETERS.map(([name, value]) => message('S', cString(name), cString(value)));
  const key = message('K', u32(prng.integer(100, 60_000)), filler(prng, 4));
  const final = message('R', u32(12), `v=${letters(prng, 44)}`);
  return script.reply(last, bytesOf(final, message('R', u32(0)), ...settings, key, READY), serverThinkUs(prng));
}

/** A statement and its one-shape answer. */
interface Statement {
  readonly name: string;
  readonly parameterBytes: readonly number[];
  readonly columns: number;
  readonly rowsMax: number;
  readonly valueBytes: number;
}

function drawStatement(operator: Prng): Statement {
  return {
    name: `s${operator.integer(1, 90)}`,
    parameterBytes: Array.from({ length: operator.integer(1, 6) }, () => operator.pick([4, 8, 16, 16, 36, 64])),
    columns: operator.integer(0, 6), // none: it writes
    rowsMax: operator.pick([1, 1, 1, 20]),
    valueBytes: operator.integer(4, 40),
  };
}

/** Bind, Execute, Sync of a statement prepared before. */
function execute(prng: Prng, { name, parameterBytes }: Statement): Uint8Array {
  const values = parameterBytes.map((length) => bytesOf(u32(length), filler(prng, length)));
  const bind = message('B', cString(''), cString(name), u16(1), u16(1), u16(values.length), ...values, u16(1), u16(1));
  return bytesOf(bind, message('E', cString(''), u32(0)), message('S'));
}

function rows(prng: Prng, { columns, rowsMax, valueBytes }: Statement): Uint8Array {
  const count = columns === 0 ? 0 : prng.integer(1, rowsMax);
  const row = () => {
    const values = Array.from({ length: columns }, () => bytesOf(u32(valueBytes), filler(prng, valueBytes)));
    return message('D', u16(columns), ...values);
  };
  const tag = columns === 0 ? 'INSERT 0 1' : `SELECT ${count}`;
  return bytesOf(message('2'), ...Array.from({ length: count }, row), message('C', cString(tag)), READY);
}

const simpleQuery = (text: string) => message('Q', cString(text));
const done = (tag: string) => bytesOf(message('C', cString(tag)), READY);
/** What SELECT 1 returns. */
const ONE_ROW = bytesOf(
  message('T', u16(1), cString('?column?'), u32(0), u16(0), u32(23), u16(4), u32(0xffffffff), u16(0)),
  message('D', u16(1), u32(1), '1'),
  done('SELECT 1'),
);
/** CopyData: write-ahead log, keep-alive, and the standby's report of three positions. */
const u64 = (prng: Prng): Part => bytesOf(u32(0), filler(prng, 4));
const walData = (prng: Prng, bytes: number) => message('d', 'w', u64(prng), u64(prng), u64(prng), filler(prng, bytes));
const walKeepalive = (prng: Prng) => message('d', 'k', u64(prng), u64(prng), [0]);
const standbyStatus = (prng: Prng) => message('d', 'r', u64(prng), u64(prng), u64(prng), u64(prng), [0]);

export const postgresSession: Dialogue = {
  name: 'postgres-session',
  label: 'other',
  ports: [5432, 6432, 443],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const kind = operator.pick(['statements', 'statements', 'listener', 'standby', 'pooled'] as const);
    const meanUs = operator.pick([5, 10, 20, 40, 90]) * SECOND_US;
    const statements = Array.from({ length: operator.integer(1, 4) }, () => drawStatement(operator));
    const noticeBytes = operator.integer(36, 500);
    const checkUs = operator.pick([30, 60, 120, 300]) * SECOND_US;
    const feedSeed = `feed${operator.uint32()}:${chainSeed}`;
    const ready = connect(script, prng, operator);
    let last = ready;
    const ask = (atUs: number, request: Uint8Array, answer: Uint8Array) => {
      last = script.reply(script.sayAfter(last, atUs, request), answer, serverThinkUs(prng));
    };

    if (kind === 'standby') {
      const start = script.reply(ready, simpleQuery('START_REPLICATION SLOT "s1" 0/3000000 TIMELINE 1'), 2_000);
      const copying = script.reply(start, message('W', [0], u16(0)), serverThinkUs(prng));
      for (const atUs of timer(prng.fork('status'), 10 * SECOND_US, 4_000, durationUs))
        script.sayAfter(copying, atUs, standbyStatus(prng));
      for (const atUs of timer(prng.fork('alive'), 30 * SECOND_US, 2_000, durationUs))
        script.reply(script.follow(copying, walKeepalive(prng), 0, atUs), standbyStatus(prng), prng.integer(50, 900));
      for (const atUs of broadcasts(feedSeed, meanUs, startUs, durationUs))
        script.follow(copying, walData(prng, drawn(prng, noticeBytes, 0.7, 40, 8_000)), 0, atUs);
      return script.messages;
    }
    if (kind === 'listener') {
      const channel = letters(operator, operator.integer(4, 20));
      ask(2_000, simpleQuery(`LISTEN ${channel}`), done('LISTEN'));
      const listening = last;
      for (const atUs of broadcasts(feedSeed, meanUs, startUs, durationUs)) {
        const payload = cString(letters(prng, noticeBytes));
        script.follow(listening, message('A', u32(4_711), cString(channel), payload), 0, atUs);
      }
    }
    if (kind === 'statements') {
      for (const { name, parameterBytes } of statements) {
        const query = `SELECT ${letters(operator, operator.integer(30, 300))} ${parameterBytes.map((_, i) => `$${i + 1}`)}`;
        const parse = bytesOf(message('P', cString(name), cString(query), u16(0)), message('S'));
        ask(0, parse, bytesOf(message('1'), READY));
      }
      for (const atUs of poisson(prng.fork('statements'), meanUs, durationUs)) {
        const statement = prng.pick(statements);
        ask(atUs, execute(prng, statement), rows(prng, statement));
      }
      return script.messages;
    }
    for (const atUs of timer(prng.fork('checks'), checkUs, 30_000, durationUs, prng.integer(2_000, 90_000)))
      ask(atUs, simpleQuery('SELECT 1'), ONE_ROW);
    return script.messages;
  },
};
