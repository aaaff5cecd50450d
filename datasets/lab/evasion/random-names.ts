/**
 * Random names: hosts under names a generator made up, in the SNI, the certificate and wherever else the name is said. Strength is
 * the share of letters that are random: 1 leaves nothing to read. The reserved ending stays, so that no such host can exist.
 */
import type { Evasion } from './evasion.ts';

const RESERVED = /\.(?:example(?:\.(?:com|net|org))?|test)$/;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export const randomNames: Evasion = {
  name: 'random-names',
  scope: 'site',
  suits: () => true,
  settings(settings, strength, prng) {
    const ending = RESERVED.exec(settings.host)?.[0] ?? '';
    const name = settings.host.slice(0, settings.host.length - ending.length);
    const replaced = name.replace(/[a-z0-9]/g, (letter) => (prng.chance(strength) ? prng.pick([...LETTERS]) : letter));
    return { ...settings, host: replaced + ending };
  },
};
