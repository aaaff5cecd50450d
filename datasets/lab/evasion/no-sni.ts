/** No SNI: the ClientHello does not say whom it is for. Strength is the probability that it does not; 1 never names the server. */
import type { Evasion } from './evasion.ts';

export const noSni: Evasion = {
  name: 'no-sni',
  scope: 'session',
  suits: ({ sealed }) => sealed,
  settings: (settings, strength, prng) => ({ ...settings, sendsName: settings.sendsName && !prng.chance(strength) }),
};
