import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { assignEncapsulations, drawPopulation } from '../../../datasets/lab/capture/population.ts';
import { CATALOGUE } from '../../../datasets/lab/dialogue/catalogue.ts';
import type { Dialogue } from '../../../datasets/lab/dialogue/message.ts';
import { ENCAPSULATIONS } from '../../../datasets/lab/encapsulation/channel.ts';
import { MODEST_EVASIONS } from '../../../datasets/lab/evasion/plan.ts';

const TOTAL = ENCAPSULATIONS.reduce((sum, { weight }) => sum + weight, 0);

describe('the encapsulation says nothing of the label', () => {
  const { sites } = drawPopulation(new Prng(3), {
    name: 'p',
    network: 1,
    flows: 5_000,
    miningShare: 0.4,
    flowsPerSite: 2.5,
    dialogues: CATALOGUE,
    encapsulations: ENCAPSULATIONS,
    evasions: MODEST_EVASIONS,
  });

  test.each(ENCAPSULATIONS)('$value: the same share of the sites of either label, to one site', ({ weight, value }) => {
    for (const label of ['mining', 'other'] as const) {
      const all = sites[label];
      const expected = (all.length * weight) / TOTAL;
      expect(Math.abs(all.filter(({ wrapping }) => wrapping.name === value).length - expected)).toBeLessThan(1);
    }
  });

  test('what speaks HTTP is not put into a second WebSocket, and many others are put into one', () => {
    const all = [...sites.mining, ...sites.other].filter(({ wrapping }) => wrapping.name.startsWith('websocket'));
    expect(all.length).toBeGreaterThan(150);
    expect(all.filter(({ dialogue }) => dialogue.speaksHttp)).toEqual([]);
  });

  test('ports of tunnels and proxies are drawn alike: the same few for either label', () => {
    const ports = (label: 'mining' | 'other') =>
      new Set(sites[label].filter(({ wrapping }) => wrapping.name === 'ssh-tunnel').map(({ port }) => port));
    expect(ports('mining')).toEqual(ports('other'));
  });
});

test('the shares hold even where nothing is left to change places with', () => {
  const web = CATALOGUE.other.map(({ value }) => value).find(({ speaksHttp }) => speaksHttp)!;
  const names = assignEncapsulations(new Prng(1), new Array<Dialogue>(TOTAL).fill(web), ENCAPSULATIONS);
  for (const { weight, value } of ENCAPSULATIONS) expect(names.filter((name) => name === value).length).toBe(weight);
});

/** A dialogue that forgets to say so would be carried in a WebSocket inside a WebSocket. */
test.each(
  Object.values(CATALOGUE)
    .flat()
    .map(({ value }) => [value.name, value] as const),
)('%s says whether it speaks HTTP itself', (_name, dialogue) => {
  let speaks = false;
  for (let seed = 0; seed < 40; seed++) {
    const [first] = dialogue.play({
      prng: new Prng(seed),
      operator: new Prng(seed + 1_000),
      startUs: 10e6,
      durationUs: 30e6,
      host: 'eu1.river-works.example',
      chainSeed: 5,
    });
    const text = Buffer.from(first!.bytes).toString('latin1');
    speaks ||= first!.from === 'client' && /^([A-Z]+ \S+ HTTP\/1\.[01]|PRI \* HTTP\/2\.0)\r\n/.test(text);
  }
  expect(dialogue.speaksHttp ?? false).toBe(speaks);
});
