/** What clients of drawn services do that mostly wait to be told: subscribers, devices under control, folders and people in touch. */
import { drawPace } from '../drawn/pace.ts';
import type { Role } from '../drawn/role.ts';
import { drawSize, drawVariedSize, type Size } from '../drawn/voice.ts';
import { drawn, logUniform, MILLISECOND_US, SECOND_US, serverThinkUs } from '../message.ts';

/** Publish and subscribe: pushes of one size or of many, acknowledged one by one, some at a time, or never. */
export const subscriber: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const [fixed, varied] = [drawSize(operator, 40, 2_500), drawVariedSize(operator, 40, 2_500)];
  const push = operator.chance(0.4) ? fixed : varied;
  const ack = drawSize(operator, 16, 160);
  const pace = drawPace(operator, ['poisson', 'timer', 'sleep', 'bursts', 'broadcast', 'broadcast'], 3, 120);
  const batch = operator.pick([0, 0, 1, 1, operator.integer(2, 12)]);
  const ackUs = operator.pick([2_000, 20_000, 400_000]);
  let unacknowledged = 0;
  for (const at of pace(context, prng.fork('pushes'))) {
    const pushed = script.sayOnce('server', ready, at, voice.write('push', push));
    if (batch === 0 || ++unacknowledged < batch) continue;
    unacknowledged = 0;
    script.reply(pushed, voice.write('ack', ack), drawn(prng, ackUs, 0.6, 100, 5 * SECOND_US));
  }
};

/** A device under control: commands answered by the state they led to, and its state from time to time, unasked. */
export const device: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const command = drawVariedSize(operator, 30, 400);
  const [fixed, varied] = [drawSize(operator, 40, 1_200), drawVariedSize(operator, 40, 1_200)];
  const state = operator.chance(0.5) ? fixed : varied;
  const receipt = drawSize(operator, 16, 120);
  const commands = drawPace(operator, ['bursts', 'bursts', 'poisson', 'timer'], 20, 400);
  const reports = drawPace(operator, ['timer', 'timer', 'sleep'], 8, 300);
  // From a register to a motor.
  const workUs = logUniform(operator, 5, 3_000) * MILLISECOND_US;
  const [receipted, reporting] = [operator.chance(0.4), operator.chance(0.8)];
  for (const at of commands(context, prng.fork('commands'))) {
    const ordered = script.sayOnce('server', ready, at, voice.write('command', command));
    script.reply(ordered, voice.write('state', state), drawn(prng, workUs, 0.8, 500, 30 * SECOND_US));
  }
  for (const at of reporting ? reports(context, prng.fork('reports')) : []) {
    const told = script.sayOnce('client', ready, at, voice.write('state', state));
    if (receipted) script.reply(told, voice.write('receipt', receipt), serverThinkUs(prng));
  }
};

/** Files or mail kept in step: a word that there is something new, a question for it, and an answer in parts; uploads likewise. */
export const synchronisation: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const [note, request, receipt] = [40, 60, 30].map((low) => drawSize(operator, low, 6 * low)) as [Size, Size, Size];
  const part = drawSize(operator, 400, 4_000);
  const rest = drawVariedSize(operator, 60, 400);
  const notes = drawPace(operator, ['poisson', 'bursts', 'broadcast'], 25, 400);
  const edits = drawPace(operator, ['bursts', 'poisson'], 60, 900);
  const partsMedian = operator.between(0.8, 6);
  const parts = () => drawn(prng, partsMedian, 0.8, 0, 20);
  const transfer = (asked: number, from: 'client' | 'server') => {
    let last = asked;
    for (let left = parts(); left > 0; left--) {
      last = script.sayOnce(from, last, 0, voice.write('part', part), prng.integer(30, 2_000));
    }
    return script.sayOnce(from, last, 0, voice.write('rest', rest), prng.integer(30, 2_000));
  };
  for (const at of notes(context, prng.fork('notes'))) {
    const noted = script.sayOnce('server', ready, at, voice.write('note', note));
    const asked = script.reply(noted, voice.write('fetch', request), drawn(prng, 30_000, 1, 500, 5 * SECOND_US));
    transfer(asked, 'server');
  }
  for (const at of edits(context, prng.fork('edits'))) {
    const offered = script.sayOnce('client', ready, at, voice.write('offer', request));
    const taken = script.reply(offered, voice.write('take', receipt), serverThinkUs(prng));
    script.reply(transfer(taken, 'client'), voice.write('stored', receipt), serverThinkUs(prng));
  }
};

/** Presence and chat: signs of life from both sides, and what people write, in bursts, some of it confirmed. */
export const presence: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const said = drawVariedSize(operator, 60, 900);
  const [beat, receipt, typing] = [
    drawSize(operator, 16, 120),
    drawSize(operator, 20, 160),
    drawSize(operator, 30, 160),
  ];
  const [ups, downs] = [30, 15].map((low) => drawPace(operator, ['bursts'], low, 300));
  const beats = drawPace(operator, ['timer'], 10, 90);
  const statuses = drawPace(operator, ['poisson', 'bursts'], 20, 400);
  const [confirmed, types] = [operator.chance(0.7), operator.chance(0.4)];
  for (const from of ['client', 'server'] as const) {
    const fork = prng.fork(from);
    for (const at of beats(context, fork)) script.sayOnce(from, ready, at, voice.write('beat', beat));
    for (const at of (from === 'client' ? ups! : downs!)(context, fork)) {
      const begun = types ? script.sayOnce(from, ready, at, voice.write('typing', typing)) : ready;
      const writingUs = types ? drawn(prng, 4 * SECOND_US, 0.6, 300_000, 60 * SECOND_US) : 0;
      const line = script.sayOnce(from, begun, at, voice.write('line', said), writingUs);
      if (confirmed) script.reply(line, voice.write('receipt', receipt), drawn(prng, 8_000, 0.9, 300, SECOND_US));
    }
  }
  for (const at of statuses(context, prng.fork('status'))) {
    script.sayOnce('server', ready, at, voice.write('status', typing));
  }
};
