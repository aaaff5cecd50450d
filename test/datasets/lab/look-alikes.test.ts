import { expect, test } from 'vitest';
import type { Share } from '../../../datasets/lab/dialogue/message.ts';
import { MINING } from '../../../datasets/lab/dialogue/mining/catalogue.ts';
import { ORDINARY } from '../../../datasets/lab/dialogue/ordinary/catalogue.ts';
import {
  fewSizes,
  fixedPushes,
  longAndThin,
  memorylessRequests,
  playOut,
  session,
  sharedInstants,
  smallAnswers,
} from './conduct.ts';

const SITES = 12;
const TRAITS = [
  'few sizes',
  'small answers',
  'fixed pushes',
  'memoryless requests',
  'shared instants',
  'long and thin',
];

/** Of each dialogue, which traits each of its sites shows. */
function conduct(shares: readonly Share[]): Map<string, boolean[][]> {
  return new Map(
    shares.map(({ value }) => [
      value.name,
      Array.from({ length: SITES }, (_, site) => {
        const seen = playOut(session(value, site));
        return [
          fewSizes(seen),
          smallAnswers(seen),
          fixedPushes(seen),
          memorylessRequests(seen),
          sharedInstants(value, site),
          longAndThin(seen),
        ];
      }),
    ]),
  );
}

const mining = conduct(MINING);
const ordinary = conduct(ORDINARY);
const sitesWith = (sites: readonly boolean[][], trait: number) => sites.filter((traits) => traits[trait]).length;

test.each(TRAITS.map((name, trait) => [name, trait] as const))(
  '%s: mining has it, and so have three ordinary dialogues or more, at some of their sites',
  (_name, trait) => {
    const miners = [...mining.values()].filter((sites) => sitesWith(sites, trait) >= SITES / 4).length;
    expect(miners).toBeGreaterThanOrEqual(2);
    const alike = [...ordinary].filter(([, sites]) => sitesWith(sites, trait) >= SITES / 6).map(([name]) => name);
    expect(alike.length, alike.join()).toBeGreaterThanOrEqual(3);
    // And none of the traits is everybody's: that would be an artefact, or a measure that cannot say no.
    expect(alike.length, alike.join()).toBeLessThan(ORDINARY.length);
  },
);

test('some ordinary sessions have five of the six at once, in three dialogues or more', () => {
  const alike = [...ordinary].filter(([, sites]) => sites.some((traits) => traits.filter(Boolean).length >= 5));
  expect(alike.length, alike.map(([name]) => name).join()).toBeGreaterThanOrEqual(3);
});

test('browsing and downloads have next to nothing of it', () => {
  for (const name of ['https-browsing', 'http2-browsing', 'download', 'video-segments']) {
    const most = Math.max(...ordinary.get(name)!.map((traits) => traits.filter(Boolean).length));
    expect(most, name).toBeLessThanOrEqual(2);
  }
});
