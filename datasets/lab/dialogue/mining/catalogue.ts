/** Every mining dialogue, once, with its share of the mining sessions, and all of them with pools that may go away. */
import type { Dialogue, Share } from '../message.ts';
import { cryptonote } from './cryptonote.ts';
import { cryptonoteDonation } from './cryptonote-donation.ts';
import { drawnPool } from './drawn-pool.ts';
import { ethGetwork } from './eth-getwork.ts';
import { ethereumStratum } from './ethereum-stratum.ts';
import { ethereumStratum2 } from './ethereum-stratum-2.ts';
import { ethproxy } from './ethproxy.ts';
import { getblocktemplate } from './getblocktemplate.ts';
import { getwork } from './getwork.ts';
import { withAbsences } from './pool-away.ts';
import { stratumV1 } from './stratum-v1.ts';
import { stratumV2 } from './stratum-v2.ts';
import { stratumZcash } from './stratum-zcash.ts';

/** What malware and unwelcome miners speak most comes first; protocols hardly seen any more are kept for their shape. Chosen. */
const SHARES: readonly { readonly weight: number; readonly value: Dialogue }[] = [
  { weight: 5, value: cryptonote },
  { weight: 0.7, value: cryptonoteDonation },
  { weight: 3, value: stratumV1 },
  { weight: 1.3, value: stratumV2 },
  { weight: 1.5, value: stratumZcash },
  { weight: 2, value: ethproxy },
  { weight: 1.5, value: ethereumStratum },
  { weight: 0.8, value: ethereumStratum2 },
  { weight: 0.5, value: ethGetwork },
  { weight: 0.8, value: getwork },
  { weight: 0.6, value: getblocktemplate },
  // Each site speaks a protocol of its own: what they have in common is mining, and not what one program writes.
  { weight: 8, value: drawnPool },
];

export const MINING: readonly Share[] = SHARES.map(({ weight, value }) => ({ weight, value: withAbsences(value) }));
