/** What clients of drawn services do of their own accord: ask, measure and report, look whether there is news, speak and play. */
import { drawPace } from '../drawn/pace.ts';
import type { Role } from '../drawn/role.ts';
import { drawSize, drawVariedSize } from '../drawn/voice.ts';
import { drawn, logUniform, MILLISECOND_US, SECOND_US, serverThinkUs } from '../message.ts';

/** Questions of a few kinds on one connection, for people or on a timer; answers are mostly larger, and as long as they are. */
export const caller: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const calls = Array.from({ length: operator.integer(1, 5) }, (_, i) => {
    const [ask, askVaried] = [drawSize(operator, 40, 900), drawVariedSize(operator, 40, 1_500)];
    const [answer, answerVaried] = [drawSize(operator, 60, 3_000), drawVariedSize(operator, 120, 4_000)];
    return {
      kind: `call${i}`,
      ask: operator.chance(0.5) ? ask : askVaried,
      answer: operator.chance(0.25) ? answer : answerVaried,
      weight: logUniform(operator, 0.1, 1),
    };
  });
  const shares = calls.map((value) => ({ weight: value.weight, value }));
  const pace = drawPace(operator, ['bursts', 'bursts', 'bursts', 'timer', 'sleep'], 5, 90);
  const thinkUs = logUniform(operator, 1, 400) * MILLISECOND_US;
  let free = ready; // one question at a time
  for (const at of pace(context, prng.fork('calls'))) {
    const { kind, ask, answer } = prng.pickWeighted(shares);
    const asked = script.sayOnce('client', free, at, voice.write(kind, ask), prng.integer(50, 3_000));
    const think = drawn(prng, thinkUs, 0.7, 200, 10 * SECOND_US);
    free = script.sayOnce('server', asked, 0, voice.write(`${kind}-answer`, answer), think);
  }
};

/** Telemetry: batches on a timer, or when something happened; small acknowledgements, and rarely a command. */
export const uploader: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const [fixed, varied] = [drawSize(operator, 60, 2_900), drawVariedSize(operator, 60, 2_900)];
  const batch = operator.chance(0.45) ? fixed : varied;
  const [ack, done] = [drawSize(operator, 16, 160), drawSize(operator, 30, 300)];
  const command = drawVariedSize(operator, 40, 600);
  const uploads = drawPace(operator, ['timer', 'timer', 'timer', 'sleep', 'sleep', 'bursts'], 4, 180);
  const commands = drawPace(operator, ['poisson'], 200, 2_000);
  const [acknowledged, commanded] = [operator.chance(0.85), operator.chance(0.5)];
  for (const at of uploads(context, prng.fork('uploads'))) {
    const sent = script.sayOnce('client', ready, at, voice.write('batch', batch));
    if (acknowledged) script.reply(sent, voice.write('ack', ack), serverThinkUs(prng));
  }
  for (const at of commanded ? commands(context, prng.fork('commands')) : []) {
    const ordered = script.sayOnce('server', ready, at, voice.write('command', command));
    script.reply(ordered, voice.write('done', done), drawn(prng, 40_000, 1, 500, 10 * SECOND_US));
  }
};

/** Looking for news: one question again and again, mostly answered that there is none. */
export const poller: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const question = drawSize(operator, 30, 700);
  const nothing = drawSize(operator, 16, 500);
  const news = drawVariedSize(operator, 80, 3_000);
  const pace = drawPace(operator, ['timer', 'timer', 'timer', 'sleep'], 4, 60);
  const newsChance = logUniform(operator, 0.005, 0.4);
  const confirmation = drawSize(operator, 30, 300);
  const confirms = operator.chance(0.3);
  for (const at of pace(context, prng.fork('polls'))) {
    const asked = script.sayOnce('client', ready, at, voice.write('poll', question));
    const told = prng.chance(newsChance);
    const answer = told ? voice.write('news', news) : voice.write('nothing', nothing);
    const answered = script.reply(asked, answer, serverThinkUs(prng));
    if (!told || !confirms) continue;
    const confirmed = script.reply(answered, voice.write('seen', confirmation), drawn(prng, 20_000, 1, 300, SECOND_US));
    script.reply(confirmed, voice.write('nothing', nothing), serverThinkUs(prng));
  }
};

/** A voice assistant or a remote control for music: silence, then speech in frames of one size, and an answer in parts. */
export const assistant: Role = ({ context, script, voice, ready }) => {
  const { operator, prng } = context;
  const [frame, wake] = [drawSize(operator, 80, 1_400), drawSize(operator, 40, 300)];
  const reply = drawVariedSize(operator, 200, 3_500);
  const status = drawVariedSize(operator, 60, 600);
  const frameUs = logUniform(operator, 20, 120) * MILLISECOND_US;
  const utterances = drawPace(operator, ['bursts', 'poisson'], 120, 900);
  const statuses = drawPace(operator, ['timer', 'poisson', 'bursts'], 30, 600);
  const framesMedian = operator.integer(12, 60);
  for (const at of utterances(context, prng.fork('utterances'))) {
    let last = script.sayOnce('client', ready, at, voice.write('wake', wake));
    for (let left = drawn(prng, framesMedian, 0.5, 4, 120); left > 0; left--) {
      last = script.follow(last, voice.write('frame', frame), Math.max(1_000, frameUs + prng.normal(0, 3_000)));
    }
    last = script.reply(last, voice.write('reply', reply), drawn(prng, 500_000, 0.6, 30_000, 5 * SECOND_US));
    for (let left = prng.integer(0, 4); left > 0; left--) {
      last = script.follow(last, voice.write('reply', reply), drawn(prng, 60_000, 1, 100, SECOND_US));
    }
  }
  for (const at of statuses(context, prng.fork('statuses'))) {
    script.sayOnce('client', ready, at, voice.write('status', status));
  }
};
