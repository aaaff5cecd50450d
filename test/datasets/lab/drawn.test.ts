import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { drawKeepalive } from '../../../datasets/lab/dialogue/drawn/keepalive.ts';
import { drawOpening, playOpening } from '../../../datasets/lab/dialogue/drawn/opening.ts';
import { Voice } from '../../../datasets/lab/dialogue/drawn/voice.ts';
import { type Message, Script } from '../../../datasets/lab/dialogue/message.ts';
import { blocksBetween } from '../../../datasets/lab/dialogue/mining/blocks.ts';
import { type DrawnPool, drawPool } from '../../../datasets/lab/dialogue/mining/drawn-habits.ts';
import { drawnPool } from '../../../datasets/lab/dialogue/mining/drawn-pool.ts';
import { drawnService, ROLES } from '../../../datasets/lab/dialogue/ordinary/drawn-service.ts';
import { nominalTimes } from '../../../datasets/lab/dialogue/schedule.ts';
import { dummyTraffic } from '../../../datasets/lab/evasion/dummy-traffic.ts';
import { padding } from '../../../datasets/lab/evasion/padding.ts';
import { fewSizes, fixedPushes, HOUR_US, memorylessRequests, playOut, session, smallAnswers } from './conduct.ts';

const sites = (count: number) => Array.from({ length: count }, (_, site) => site);
/** The habits of the pool that `session` plays at a site. */
const poolAt = (site: number): DrawnPool => drawPool(new Prng(`site${site}`));
const isJson = ({ bytes }: Message) => bytes[0] === 0x7b && bytes.at(-1) === 0x0a;
const FIXED = { spread: 0, sigma: 0, counted: false };

/** The size a side sends most often, and how many of all it is. */
function mode(messages: readonly Message[], from: Message['from']): readonly [bytes: number, share: number] {
  const counts = new Map<number, number>();
  const own = messages.filter((message) => message.from === from);
  for (const { bytes } of own) counts.set(bytes.length, (counts.get(bytes.length) ?? 0) + 1);
  const [bytes = 0, count = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return [bytes, count / own.length];
}

describe('a format', () => {
  test('a message is as long as its size says: JSON that parses, a frame of the length it announces, or a line', () => {
    const styles = new Set<string>();
    for (const site of sites(40)) {
      const voice = new Voice(new Prng(site), new Prng(site + 99));
      styles.add(voice.style);
      for (const bytes of [24, 31, 64, 200, 1_461, 3_000]) {
        const message = voice.write('job', { ...FIXED, bytes });
        expect(message.length).toBe(bytes);
        const view = new DataView(message.buffer);
        const text = Buffer.from(message).toString('latin1');
        if (voice.style === 'json') expect(() => JSON.parse(text)).not.toThrow();
        if (voice.style === 'binary') expect([view.getUint16(0) + 2, view.getUint32(0) + 4]).toContain(bytes);
        else expect(text.indexOf('\n')).toBe(bytes - 1);
      }
    }
    expect([...styles].sort()).toEqual(['binary', 'json', 'pairs']);
  });

  test('words are the same in every session of a site, and other words elsewhere', () => {
    const first = (site: number, run: number) => {
      const voice = new Voice(new Prng(site), new Prng(run));
      return Buffer.from(voice.write('share', { ...FIXED, bytes: 20 })).toString(
        'latin1',
        0,
        voice.style === 'json' ? 4 : 2,
      );
    };
    for (const site of sites(20)) if (site !== 5) expect(first(site, 1).slice(0, 2)).toBe(first(site, 2).slice(0, 2));
    expect(new Set(sites(20).map((site) => first(site, 1))).size).toBeGreaterThan(10);
  });

  test('sizes vary as they are told to: by a few bytes, with a number that grows, or with content', () => {
    const lengths = (more: Partial<typeof FIXED>) => {
      const voice = new Voice(new Prng(1), new Prng(2));
      return sites(150).map(() => voice.write('job', { ...FIXED, bytes: 300, ...more }).length);
    };
    expect(new Set(lengths({}))).toEqual(new Set([300]));
    expect(new Set(lengths({ spread: 2 }))).toEqual(new Set([298, 299, 300, 301, 302]));
    expect(new Set(lengths({ counted: true }))).toEqual(new Set([300, 301, 302]));
    expect(new Set(lengths({ sigma: 0.5 })).size).toBeGreaterThan(50);
  });

  test('an opening says something each way or one way, and more goes with the last answer', () => {
    const seen = { oneWay: 0, banner: 0, steps: new Set<number>() };
    for (const site of sites(200)) {
      const opening = drawOpening(new Prng(site));
      seen.steps.add(opening.steps.length);
      if (opening.banner) seen.banner++;
      if (opening.steps.some(({ answer }) => answer === null)) seen.oneWay++;
      const script = new Script();
      const voice = new Voice(new Prng(site), new Prng(1));
      const last = playOpening(script, voice, new Prng(2), opening, [new Uint8Array(5_000)]);
      expect(last).toBe(script.messages.length - 1);
      expect(script.messages[last]!.from).toBe('server');
      expect(script.messages[last]!.bytes.length).toBeGreaterThanOrEqual(5_000);
    }
    expect([...seen.steps].sort()).toEqual([1, 2, 3, 4]);
    expect(seen.banner).toBeGreaterThan(5);
    expect(seen.oneWay).toBeGreaterThan(20);
  });
});

describe('a drawn pool', () => {
  const pools = sites(600).map(poolAt);
  const share = (want: (pool: DrawnPool) => boolean) => pools.filter(want).length / pools.length;

  test('work comes in every way, most of it pushed', () => {
    for (const way of ['polled', 'held', 'both'] as const)
      expect(share((pool) => pool.way === way)).toBeGreaterThan(0.05);
    expect(share(({ way }) => way === 'pushed')).toBeGreaterThan(0.5);
  });

  test('everything that may be there is at some sites, and missing at others', () => {
    const traits: Record<string, (pool: DrawnPool) => boolean> = {
      'shares that nobody answers': ({ answer }) => answer.batch === 0,
      'refusals nobody is told of': ({ answer }) => answer.refusal === null,
      'one answer for many shares': ({ answer }) => answer.batch > 1,
      'work with the answer': ({ answer }) => answer.carriesJob,
      'two messages a job': ({ job }) => job.second !== null,
      'a Merkle branch': ({ job }) => job.branchBytes > 0,
      'no templates': ({ templateSeconds }) => templateSeconds === 0,
      'nothing new': ({ unchanged }) => unchanged !== null,
      'reports of the hashrate': ({ reportUs }) => reportUs > 0,
      'signs of life from the client': ({ keepalive }) => keepalive?.from === 'client',
      'signs of life from the pool': ({ keepalive }) => keepalive?.from === 'server',
      'no signs of life': ({ keepalive }) => keepalive === null,
      'targets within jobs': ({ targetWay }) => targetWay === 'job',
      'one write for all': ({ coalesces }) => coalesces,
      'a difficulty for stronger machines': ({ difficulty }) => difficulty > 1,
    };
    for (const [name, has] of Object.entries(traits)) {
      expect(share(has), name).toBeGreaterThan(0.02);
      expect(share(has), name).toBeLessThan(0.98);
    }
  });

  test('sizes are spread over their whole ranges', () => {
    for (const [of, low, high] of [
      [({ job }: DrawnPool) => job.size.bytes, 40, 2_500],
      [(pool: DrawnPool) => pool.share.bytes, 40, 2_900],
      [({ answer }: DrawnPool) => answer.size.bytes, 20, 160],
    ] as const) {
      const sorted = pools.map(of).sort((a, b) => a - b);
      const middle = Math.sqrt(low * high);
      expect(sorted[0]).toBeGreaterThanOrEqual(low);
      expect(sorted.at(-1)).toBeLessThanOrEqual(high);
      expect(Math.abs(Math.log(sorted[300]! / middle))).toBeLessThan(0.25);
    }
  });

  test('at one site in five a share takes minutes to an hour', () => {
    const hard = pools.filter(({ difficulty, vardiff }) => difficulty > 1 && vardiff.fixed);
    expect(hard.length / pools.length).toBeGreaterThan(0.14);
    expect(hard.length / pools.length).toBeLessThan(0.26);
    for (const { difficulty, vardiff } of hard) {
      expect(difficulty * vardiff.targetSeconds).toBeGreaterThanOrEqual(149);
      expect(difficulty * vardiff.targetSeconds).toBeLessThanOrEqual(3_601);
    }
  });

  test('two sessions of a site agree on their sizes, and two sites do not', () => {
    const pushed = sites(60).filter((site) => poolAt(site).way === 'polled');
    const polls = pushed.map((site) => [1, 2].map((seed) => mode(session(drawnPool, seed, site), 'client')[0]));
    for (const [one, two] of polls) expect(Math.abs(one! - two!)).toBeLessThanOrEqual(13);
    const share = sites(40).map((site) => `${mode(session(drawnPool, 1, site), 'client')[0]}`);
    expect(new Set(share).size).toBeGreaterThan(32);
  });

  test('who only polls hears nothing unasked, but for being sent elsewhere', () => {
    for (const site of sites(120).filter((site) => poolAt(site).way === 'polled')) {
      const messages = session(drawnPool, site);
      const { keepalive, opening } = poolAt(site);
      if (keepalive?.from === 'server' || opening.banner) continue;
      const unasked = messages.filter(({ from, after }) => from === 'server' && messages[after]!.from === 'server');
      const second = poolAt(site).job.second !== null || poolAt(site).answer.carriesJob;
      if (!second) expect(unasked.length).toBeLessThanOrEqual(1);
    }
  });

  test('nobody speaks before the opening but who begins it, and a question is answered once', () => {
    for (const site of sites(40)) {
      const messages = session(drawnPool, site);
      expect(messages.filter(({ after }) => after < 0).length).toBe(1);
      const answered = messages.flatMap(({ from, after }) =>
        from === 'server' && after >= 0 && messages[after]!.from === 'client' ? [after] : [],
      );
      const { keepalive, opening } = poolAt(site);
      // A server that pings after an opening without an answer would seem to answer it each time.
      if (keepalive?.from !== 'server' && opening.steps.at(-1)!.answer)
        expect(new Set(answered).size).toBe(answered.length);
    }
  });

  test('work leaves the pool moments after each block of its coin, pushed or for who is held', () => {
    for (const site of sites(80).filter((site) => ['pushed', 'held', 'both'].includes(poolAt(site).way))) {
      const messages = session(drawnPool, 1, site);
      const times = [...nominalTimes(messages)];
      const spoken = times.filter((_, i) => messages[i]!.from === 'server');
      const lastUs = Math.max(...spoken);
      const blocks = blocksBetween(poolAt(site).coin, 5, 20e6, 10e6 + lastUs - 2e6).map((at) => at - 10e6);
      const missed = blocks.filter((block) => !spoken.some((at) => at > block && at < block + 1e6));
      expect(missed).toEqual([]);
    }
  });

  test('an hour is some thousands of messages at most, and mostly far fewer', () => {
    const counts = sites(150)
      .map((site) => session(drawnPool, site).length)
      .sort((a, b) => a - b);
    expect(counts.at(-1)).toBeLessThan(10_000);
    expect(counts[75]).toBeLessThan(2_000);
    expect(counts[0]).toBeGreaterThan(5);
  });
});

describe('a drawn service', () => {
  test.each(ROLES.map(({ value }) => [value.name, value] as const))(
    '%s has something to say, and bounds',
    (_name, role) => {
      const counts = sites(24).map((site) => {
        const operator = new Prng(`site${site}`);
        const prng = new Prng(site);
        const script = new Script();
        const voice = new Voice(operator, prng.fork('voice'));
        const ready = playOpening(script, voice, prng, drawOpening(operator));
        const context = { prng, operator, startUs: 10e6, durationUs: HOUR_US, host: 'a.example', chainSeed: 5 };
        role({ context, script, voice, ready });
        return script.messages.length - ready;
      });
      counts.sort((a, b) => a - b);
      expect(counts[12]).toBeGreaterThan(20);
      expect(counts.at(-1)).toBeLessThan(3_500);
    },
  );

  test('fixed pushes with memoryless, briefly answered submissions of few sizes are left to the look-alikes', () => {
    const copies = sites(200).filter((site) => {
      const seen = playOut(session(drawnService, site));
      return fixedPushes(seen) && memorylessRequests(seen) && smallAnswers(seen) && fewSizes(seen);
    });
    expect(copies).toEqual([]);
  });
});

describe('nothing but what is said tells the label', () => {
  const both = [drawnPool, drawnService];

  test('either label writes JSON, frames and lines equally often', () => {
    const json = both.map(
      (dialogue) =>
        sites(300).filter((site) =>
          isJson(
            dialogue.play({
              prng: new Prng(site),
              operator: new Prng(site + 5_000),
              startUs: 10e6,
              durationUs: 60e6,
              host: 'a.example',
              chainSeed: 5,
            })[0]!,
          ),
        ).length / 300,
    );
    expect(Math.abs(json[0]! - json[1]!)).toBeLessThan(0.12);
    expect(json[0]).toBeGreaterThan(0.45);
  });

  test('first messages are as long for either', () => {
    const medians = both.map((dialogue) => {
      const lengths = sites(200).map((site) => session(dialogue, site)[0]!.bytes.length);
      return lengths.sort((a, b) => a - b)[100]!;
    });
    expect(Math.abs(Math.log(medians[0]! / medians[1]!))).toBeLessThan(0.3);
  });

  test('either pads and plays dummies where it writes JSON, and leaves the rest as it is', () => {
    for (const dialogue of both) {
      expect(padding.suits({ dialogue, sealed: true }) && dummyTraffic.suits({ dialogue, sealed: true })).toBe(true);
      const changed = { json: 0, other: 0 };
      for (const site of sites(30)) {
        const messages = session(dialogue, site).slice(0, 60);
        for (const evasion of [padding, dummyTraffic]) {
          const evaded = evasion.messages!(messages, 1, new Prng(site), dialogue);
          if (evaded.some(({ bytes }, i) => bytes !== messages[i]?.bytes))
            changed[isJson(messages[0]!) ? 'json' : 'other']++;
        }
      }
      expect(changed.json).toBeGreaterThan(20);
      expect(changed.other).toBe(0);
    }
  });

  test('signs of life come from the same draw', () => {
    const habits = sites(400).map((site) => drawKeepalive(new Prng(site)));
    const periods = habits.flatMap((one) => (one ? [one.periodUs / 1e6] : []));
    expect(Math.min(...periods)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...periods)).toBeLessThanOrEqual(120);
    for (const from of ['client', 'server', undefined]) {
      expect(habits.filter((one) => one?.from === from).length).toBeGreaterThan(60);
    }
  });
});
