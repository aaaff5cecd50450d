/**
 * Made-up host names under names reserved for the purpose (RFC 2606). One generator for both labels; a small share of mining
 * sites gives itself away, and a smaller share of ordinary ones looks as if it did (a car pool is not a mining pool).
 */
import type { Prng } from '../../../core/prng.ts';
import type { Label } from '../dialogue/message.ts';

const LEFT = [
  'api',
  'www',
  'eu1',
  'us-east',
  'gw',
  'edge',
  'live',
  'data',
  'app',
  'srv04',
  'cdn',
  'hub',
  'in',
  'sg2',
  'core',
];
const MIDDLE = [
  'river',
  'stone',
  'maple',
  'nova',
  'lumen',
  'orbit',
  'cedar',
  'harbor',
  'pixel',
  'atlas',
  'quartz',
  'delta',
  'meadow',
  'falcon',
  'summit',
];
const RIGHT = ['works', 'labs', 'net', 'cloud', 'hq', 'link', 'soft', 'base', 'line', 'grid', 'point', 'wave'];
const TELLING = ['xmr-pool', 'minepool', 'btc-stratum', 'hashpool', 'etc-mining'];
const DECOY = ['carpool', 'minecraft-hub', 'whirlpool', 'determine'];

export function drawHostName(prng: Prng, label: Label): string {
  const telling = prng.chance(label === 'mining' ? 0.1 : 0.03);
  const middle = telling
    ? prng.pick(label === 'mining' ? TELLING : DECOY)
    : `${prng.pick(MIDDLE)}${prng.chance(0.4) ? '-' : ''}${prng.pick(RIGHT)}${prng.chance(0.3) ? prng.integer(2, 99) : ''}`;
  return `${prng.pick(LEFT)}.${middle}.${prng.pick(['example', 'test', 'example.com', 'example.net', 'example.org'])}`;
}
