/**
 * A connection to a key-value server in the manner of Redis (RESP2): a cache asked at random, a subscriber published to, or a
 * worker that blocks on a list until there is a job. Keys and values of one application have one length; answers such as +OK
 * and :1 are as small as answers get.
 *
 * Rates are chosen thin: a cache in earnest answers thousands a second, and looks like nothing else.
 */
import type { Prng } from '../../../../core/prng.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US } from '../message.ts';
import { broadcasts, poisson, timer } from '../rhythm.ts';

/** An array of bulk strings, the form of all commands. */
const command = (...words: string[]) => `*${words.length}\r\n${words.map(bulk).join('')}`;
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

/** In memory: most answers within a millisecond. */
const memoryThinkUs = (prng: Prng) => drawn(prng, 300, 0.7, 60, 20_000);

interface KeyHabits {
  readonly key: string;
  readonly idLength: number;
  readonly valueBytes: number;
  readonly spread: number;
  readonly reads: number;
}

function drawHabits(operator: Prng): KeyHabits {
  return {
    key: letters(operator, operator.integer(3, 24)),
    idLength: operator.pick([6, 12, 24, 36]),
    valueBytes: operator.integer(16, 600),
    spread: operator.pick([0, 0, 2, 60]),
    reads: operator.pick([0, 0.3, 0.7, 0.9]),
  };
}

const value = (prng: Prng, { valueBytes, spread }: KeyHabits) =>
  letters(prng, Math.max(1, valueBytes + prng.integer(-spread, spread)));

export const redisSession: Dialogue = {
  name: 'redis-session',
  label: 'other',
  ports: [6379, 6380, 443],
  play({ prng, operator, startUs, durationUs, chainSeed }) {
    const script = new Script();
    const habits = drawHabits(operator);
    const kind = operator.pick(['cache', 'cache', 'subscriber', 'worker'] as const);
    const meanUs = operator.pick([6, 10, 15, 30, 60]) * SECOND_US;
    const pingUs = operator.pick([10, 30, 60, 60]) * SECOND_US;
    const channelSeed = `channel${operator.uint32()}:${chainSeed}`;
    const login = script.say('client', prng.integer(200, 4_000), command('AUTH', 'default', letters(prng, 32)));
    let last = script.reply(login, '+OK\r\n', memoryThinkUs(prng));
    const ask = (atUs: number, request: string, answer: string, thinkUs = memoryThinkUs(prng)) => {
      last = script.reply(script.sayAfter(last, atUs, request), answer, thinkUs);
    };
    ask(0, command('CLIENT', 'SETNAME', letters(operator, operator.integer(4, 20))), '+OK\r\n');

    if (kind === 'subscriber') {
      ask(0, command('SUBSCRIBE', habits.key), `*3\r\n${bulk('subscribe')}${bulk(habits.key)}:1\r\n`);
      const subscribed = last;
      for (const atUs of broadcasts(channelSeed, meanUs, startUs, durationUs)) {
        const message = `*3\r\n${bulk('message')}${bulk(habits.key)}${bulk(value(prng, habits))}`;
        script.follow(subscribed, message, 0, atUs);
      }
      for (const atUs of timer(prng.fork('ping'), pingUs, 4_000, durationUs))
        script.reply(
          script.sayAfter(subscribed, atUs, command('PING')),
          `*2\r\n${bulk('pong')}${bulk('')}`,
          memoryThinkUs(prng),
        );
      return script.messages;
    }
    if (kind === 'worker') {
      const waitSeconds = operator.pick([5, 10, 30]);
      const jobs = poisson(prng.fork('jobs'), meanUs, durationUs);
      const list = `queue:${habits.key}`;
      let freeUs = 20_000;
      for (let next = 0; freeUs < durationUs; ) {
        const jobUs = jobs[next] ?? Number.POSITIVE_INFINITY;
        const answered = Math.min(Math.max(jobUs, freeUs), freeUs + waitSeconds * SECOND_US);
        const found = jobUs <= answered;
        const asked = script.sayAfter(last, freeUs, command('BLPOP', list, String(waitSeconds)));
        last = script.sayAfter(
          asked,
          answered,
          found ? `*2\r\n${bulk(list)}${bulk(value(prng, habits))}` : '*-1\r\n',
          memoryThinkUs(prng),
        );
        freeUs = answered + 5_000;
        if (!found) continue;
        next++;
        const doneUs = freeUs + drawn(prng, 300_000, 1.2, 2_000, 60 * SECOND_US);
        ask(doneUs, command('LREM', `${list}:busy`, '1', letters(prng, habits.idLength)), ':1\r\n');
        freeUs = doneUs + 5_000;
      }
      return script.messages;
    }
    for (const atUs of poisson(prng.fork('commands'), meanUs, durationUs)) {
      const key = `${habits.key}:${letters(prng, habits.idLength)}`;
      if (prng.chance(habits.reads)) {
        ask(atUs, command('GET', key), prng.chance(0.7) ? bulk(value(prng, habits)) : '$-1\r\n');
      } else ask(atUs, command('SET', key, value(prng, habits), 'EX', '3600'), '+OK\r\n');
    }
    return script.messages;
  },
};
