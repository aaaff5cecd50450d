/**
 * Bitcoin's getwork over HTTP with basic authentication, the protocol before Stratum and still spoken by small coins: a poll for
 * a header, the solved header posted back, and long polls, which the pool answers when a block makes the work worthless. A miner
 * polls and posts on one connection and holds its long poll on another, so a flow is either of the two.
 */
import type { Prng } from '../../../../core/prng.ts';
import {
  type Dialogue,
  type DialogueContext,
  drawn,
  type Message,
  Script,
  SECOND_US,
  serverThinkUs,
} from '../message.ts';
import { BITCOIN } from './blocks.ts';
import { basicAuthorization, drawMinerHttp, type MinerHttp, poolAnswer } from './rpc-http.ts';
import { drawVardiff, type VardiffHabits } from './shares.ts';
import { drawTimeline } from './timeline.ts';
import { checkShareUs } from './verdicts.ts';

/** A block header padded to two SHA-256 chunks, in digits. */
const DATA_DIGITS = 256;

interface PoolHabits {
  readonly server: string;
  readonly longPoll: boolean;
  /** Member order and the two members later extensions let a pool leave out. */
  readonly midstate: boolean;
  readonly vardiff: VardiffHabits;
}

function drawHabits(operator: Prng): PoolHabits {
  return {
    server: operator.pick(['nginx/0.7.65', 'nginx/1.18.0', 'Poolserver', 'bitcoin-json-rpc/v0.8.1']),
    longPoll: operator.chance(0.7),
    midstate: operator.chance(0.7),
    vardiff: drawVardiff(operator),
  };
}

function workBody(prng: Prng, habits: PoolHabits, id: number): string {
  const midstate = habits.midstate ? `"midstate":"${prng.hex(64)}",` : '';
  const hash1 = habits.midstate ? `"hash1":"${'0'.repeat(64)}00000080${'0'.repeat(48)}00010000",` : '';
  return `{"result":{${midstate}"data":"${prng.hex(DATA_DIGITS)}",${hash1}"target":"${'f'.repeat(56)}00000000"},"error":null,"id":${id}}\n`;
}

function playWorker(context: DialogueContext, habits: PoolHabits, http: MinerHttp): readonly Message[] {
  const { prng, durationUs } = context;
  const script = new Script();
  const announced = habits.longPoll ? 'X-Long-Polling: /LP\r\n' : '';
  // cpuminer's --scantime: five seconds, sixty where a long poll says when work is old.
  const scanUs = (habits.longPoll ? prng.pick([60, 60, 30]) : prng.pick([5, 5, 10])) * SECOND_US;
  let last = -1;
  const ask = (atUs: number, body: string, result: string, extra: string, thinkUs: number) => {
    const text = http.post('/', body);
    const query = last < 0 ? script.say('client', atUs, text) : script.sayAfter(last, atUs, text, 200);
    last = script.reply(query, poolAnswer(habits.server, result, extra), thinkUs);
  };
  const fetch = (atUs: number) =>
    ask(
      atUs,
      '{"method": "getwork", "params": [], "id":0}\r\n',
      workBody(prng, habits, 0),
      announced,
      serverThinkUs(prng),
    );
  let fetchUs = prng.integer(200, 4_000);
  let untilUs = durationUs;
  const rhythm = { coin: BITCOIN, vardiff: habits.vardiff, templateSeconds: 0 };
  for (const event of drawTimeline(context, rhythm)) {
    for (; fetchUs < event.atUs; fetchUs += scanUs + prng.normal(0, 30_000)) fetch(fetchUs);
    if (event.kind === 'dismissal') untilUs = event.atUs;
    // The long poll on the other connection has brought new work, so the next scan starts from here.
    if (event.kind === 'work' && habits.longPoll) fetchUs = event.atUs + scanUs;
    if (event.kind === 'share') {
      const accepted = event.verdict === 'accepted';
      const reason = accepted
        ? ''
        : `X-Reject-Reason: ${event.verdict === 'stale' ? 'stale-prevblk' : event.verdict}\r\n`;
      ask(
        event.atUs,
        `{"method": "getwork", "params": [ "${prng.hex(DATA_DIGITS)}" ], "id":1}\r\n`,
        `{"result":${accepted},"error":null,"id":1}\n`,
        announced + reason,
        checkShareUs(prng),
      );
    }
  }
  for (; fetchUs < untilUs; fetchUs += scanUs + prng.normal(0, 30_000)) fetch(fetchUs);
  return script.messages;
}

/** The other connection: one request held open until a block arrives or the server tires of holding it. */
function playLongPoll(context: DialogueContext, habits: PoolHabits, http: MinerHttp): readonly Message[] {
  const { prng, operator, durationUs } = context;
  const script = new Script();
  const holdUs = operator.pick([60, 120, 600, 3_600]) * SECOND_US; // servers and the proxies before them give up; chosen
  const rhythm = { coin: BITCOIN, vardiff: habits.vardiff, templateSeconds: 0 };
  const blocks = drawTimeline(context, rhythm).filter(({ kind }) => kind === 'work');
  let query = script.say('client', prng.integer(200, 4_000), http.get('/LP'));
  let askedUs = 0;
  const respond = (atUs: number) => {
    const work = poolAnswer(habits.server, workBody(prng, habits, 0), 'X-Long-Polling: /LP\r\n');
    const answered = script.sayAfter(query, atUs, work, drawn(prng, 3_000, 0.8, 200, 200_000));
    query = script.reply(answered, http.get('/LP'), prng.integer(200, 4_000));
    askedUs = atUs;
  };
  for (const { atUs } of blocks) {
    while (askedUs + holdUs < atUs) respond(askedUs + holdUs);
    respond(atUs);
  }
  while (askedUs + holdUs < durationUs) respond(askedUs + holdUs);
  return script.messages;
}

export const getwork: Dialogue = {
  name: 'getwork',
  label: 'mining',
  ports: [8332, 8337, 9332, 8344],
  speaksHttp: true,
  play(context) {
    const habits = drawHabits(context.operator);
    const http = drawMinerHttp(context.prng, context.host, basicAuthorization(context.prng));
    const holds = habits.longPoll && context.prng.chance(0.3);
    return holds ? playLongPoll(context, habits, http) : playWorker(context, habits, http);
  },
};
