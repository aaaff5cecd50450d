/**
 * XMRig's donation: once in a hundred minutes it signs in at the developers' pool beside its own, for as many minutes as the
 * donation level says (one by default), and leaves. A short connection to one well-known place, in the middle of a long one.
 */
import { type Dialogue, SECOND_US } from '../message.ts';
import { ALGORITHMS, type CryptonotePool, playCryptonote, XMRIG_AGENTS } from './cryptonote.ts';
import { XMRIG } from './cryptonote-lines.ts';

/** xmrig-proxy runs this pool: the keepalive and algorithm extensions, and a difficulty that is never moved in a minute. */
const POOL: CryptonotePool = {
  vardiff: { targetSeconds: 15, retargetSeconds: 120, fixed: true },
  sessionIdLength: 36,
  jobIdLength: 28,
  keepalive: true,
  algo: 'rx/0',
  seeded: true,
  templateSeconds: 0,
};

export const cryptonoteDonation: Dialogue = {
  name: 'cryptonote-donation',
  label: 'mining',
  ports: [3333, 8443, 443],
  play(context) {
    const { prng } = context;
    const minutes = prng.pick([1, 1, 1, 1, 2, 5]);
    const login = {
      user: prng.hex(64), // a hash of the miner's own user name, not a wallet
      pass: 'x',
      agent: prng.pick(XMRIG_AGENTS),
      rigId: '',
      algorithms: ALGORITHMS,
    };
    const durationUs = Math.min(context.durationUs, minutes * 60 * SECOND_US);
    return playCryptonote({ ...context, durationUs }, POOL, XMRIG, login);
  },
};
