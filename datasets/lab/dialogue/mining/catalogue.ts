/** Every mining dialogue, once, with its share of the mining sessions. */
import type { Share } from '../message.ts';
import { cryptonote } from './cryptonote.ts';
import { ethproxy } from './ethproxy.ts';
import { stratumV1 } from './stratum-v1.ts';

export const MINING: readonly Share[] = [
  { weight: 5, value: cryptonote },
  { weight: 3, value: stratumV1 },
  { weight: 3, value: ethproxy },
];
