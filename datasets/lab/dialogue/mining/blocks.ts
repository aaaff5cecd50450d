/**
 * Block arrivals. Finding a block is a Poisson process over the whole network, so gaps are exponential around the coin's
 * target, and every miner of the coin, at every pool, gets new work within moments of the same instant. The sequence depends
 * on the capture and the coin only, which is what keeps sessions of one capture in step.
 */
import { Prng } from '../../../../core/prng.ts';
import { SECOND_US } from '../message.ts';

export interface Coin {
  readonly name: string;
  /** Mean time between blocks the network aims at, seconds. */
  readonly blockSeconds: number;
}

/** Consensus targets: Ethash is Ethereum's before 2022 and Ethereum Classic's, Zcash's is that since Blossom (ZIP 208). */
export const BITCOIN: Coin = { name: 'bitcoin', blockSeconds: 600 };
export const MONERO: Coin = { name: 'monero', blockSeconds: 120 };
export const ZCASH: Coin = { name: 'zcash', blockSeconds: 75 };
export const ETHASH: Coin = { name: 'ethash', blockSeconds: 13 };

/** How far back the sequence starts, so that it is well under way at the first session. */
const LEAD_US = 7_200 * SECOND_US;

/** Block times in [fromUs, toUs) on the clock of the capture. */
export function blocksBetween(coin: Coin, chainSeed: number, fromUs: number, toUs: number): number[] {
  const prng = new Prng(`${coin.name}:${chainSeed}`);
  const times: number[] = [];
  let at = -LEAD_US;
  while (at < toUs) {
    if (at >= fromUs) times.push(Math.round(at));
    at += prng.exponential(coin.blockSeconds * SECOND_US);
  }
  return times;
}
