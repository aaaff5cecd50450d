/**
 * A worker of a job queue (continuous integration, rendering): the server pushes fixed-size jobs, the worker returns a
 * fixed-size result when it happens to be done, the server acknowledges it in a few bytes. This is the shape of mining with
 * none of its meaning, put here on purpose so that a model cannot get by on shape alone without being caught.
 *
 * Running times are log-normal, or exponential on farms of like jobs; sizes and rates are chosen to lie among a pool's.
 */
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs, uuid } from '../message.ts';

export const taskQueue: Dialogue = {
  name: 'task-queue',
  label: 'other',
  ports: [443, 5671, 8443],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const worker = uuid(prng);
    const heartbeatUs = operator.pick([10, 20, 30, 60]) * SECOND_US;
    const taskMedianUs = operator.pick([6, 15, 40]) * SECOND_US;
    const taskBytes = operator.integer(120, 700);
    const resultBytes = operator.integer(60, 420);
    const spread = operator.pick([0, 0, 4, 40]);
    const pollsForWork = operator.chance(0.4);
    const memoryless = operator.chance(0.35);
    const hello = script.say(
      'client',
      prng.integer(200, 4_000),
      `{"op":"hello","worker":"${worker}","slots":${prng.integer(1, 8)},"labels":"${letters(prng, prng.integer(10, 120))}"}\n`,
    );
    let last = script.reply(hello, `{"op":"welcome","session":"${prng.hex(32)}"}\n`, serverThinkUs(prng));
    const welcome = last;
    for (let at = heartbeatUs; at < durationUs; at += heartbeatUs + prng.normal(0, 4_000)) {
      script.reply(
        script.sayAfter(welcome, at, `{"op":"heartbeat","worker":"${worker}"}\n`),
        '{"op":"ok"}\n',
        serverThinkUs(prng),
      );
    }
    const spreadBytes = () => (spread ? prng.integer(-spread, spread) : 0);
    let at = prng.exponential(5 * SECOND_US);
    while (at < durationUs) {
      const task = `{"op":"task","id":"${prng.hex(16)}","input":"${letters(prng, Math.max(20, taskBytes + spreadBytes()))}"}\n`;
      if (pollsForWork)
        last = script.reply(
          script.sayAfter(last, at, `{"op":"next","worker":"${worker}"}\n`),
          task,
          serverThinkUs(prng),
        );
      else last = script.say('server', at + SECOND_US, task);
      const runningUs = memoryless
        ? prng.exponential(taskMedianUs)
        : drawn(prng, taskMedianUs, 0.8, 200_000, 600 * SECOND_US);
      const doneUs = at + SECOND_US + runningUs;
      const result = script.sayAfter(
        last,
        doneUs,
        `{"op":"result","worker":"${worker}","id":"${prng.hex(16)}","output":"${letters(prng, Math.max(20, resultBytes + spreadBytes()))}"}\n`,
      );
      last = script.reply(result, '{"op":"accepted","status":"OK"}\n', serverThinkUs(prng));
      at = doneUs + prng.exponential(2 * SECOND_US);
    }
    return script.messages;
  },
};
