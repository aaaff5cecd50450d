/**
 * Mining words in host names. Only whole tokens count (features/protocol/names.ts splits at dots, hyphens and where
 * letters meet digits), so that minecraft, carpool, mineral or xmrvbeauty say nothing; besides those, a token that is
 * nothing but a coin and a pool word, as `xmrpool`.
 */
import { sniTokens } from '../../../features/protocol/names.ts';
import type { Host } from './host.ts';

export interface WordHit {
  /** The words that were found, in their order. */
  readonly words: readonly string[];
  /** Natural logarithm of a likelihood ratio, as of findings. */
  readonly weight: number;
}

/** Coins by their names and signs. Signs that are everyday words or abbreviations (etc, dash, beam) are left out. */
const COINS = new Set(
  'xmr monero rvn ravencoin kaspa zec zcash ethash etchash kawpow randomx cryptonight zephyr wownero btc bitcoin ltc litecoin bch eth ethereum doge dogecoin equihash'.split(
    ' ',
  ),
);
const POOL_WORDS = new Set(['pool', 'pools', 'mine', 'mining', 'miner', 'miners', 'hashrate', 'stratum', 'solo']);

/** Words that hardly anybody uses of anything else. */
const ALONE: ReadonlyMap<string, number> = new Map([
  ['stratum', 1.2],
  ['xmrig', 2],
  ['randomx', 2],
  ['cryptonight', 2],
  ['cpuminer', 2],
  ['cryptonote', 1.5],
  ['kawpow', 1.5],
  ['etchash', 1.5],
  ['xmr', 1.5],
  ['monero', 1.2],
  ['hashrate', 1],
  ['miner', 0.8],
  ['miners', 0.8],
  ['mining', 0.7],
  ['mine', 0.3],
  ['pool', 0.3],
  ['pools', 0.3],
  ['rvn', 0.4],
  ['ltc', 0.3],
  ['eth', 0.3],
  ['btc', 0.3],
]);

/** A coin beside a pool word: `eth-pool`, `xmr.pool`, `rvn-mining`. */
const COIN_AND_POOL = 2;
/** `pool.` in front of a domain, as pools call the host that miners connect to. */
const POOL_IN_FRONT = 0.6;
/** pool.ntp.org: the largest pool of all has nothing to do with mining. */
const INNOCENT_DOMAINS = new Set(['ntp.org', 'ntppool.org']);
/** Parts of tokens that are written in one word; `coin` and `hash` only there. */
const PART_COINS = ['xmr', 'monero', 'btc', 'bitcoin', 'eth', 'ether', 'ethereum', 'ltc', 'litecoin', 'zec', 'zcash'];
const PART_COINS_MORE = ['rvn', 'kaspa', 'doge', 'coin', 'crypto', 'hash', 'cpu', 'gpu'];
const PART_POOLS = ['pool', 'pools', 'mine', 'mining', 'miner', 'miners'];
const COMPOUND = compoundPattern();

function compoundPattern(): RegExp {
  const coin = `(?:${[...PART_COINS, ...PART_COINS_MORE].join('|')})`;
  const pool = `(?:${PART_POOLS.join('|')})`;
  return new RegExp(`^(?:${coin}${pool}|${pool}${coin}|mining${pool}|miners?pools?|pool${pool})$`);
}

/** What the words of a name say; null if nothing. */
export function miningWords({ name, domain, subdomain }: Host): WordHit | null {
  if (domain !== null && INNOCENT_DOMAINS.has(domain)) return null;
  const words = sniTokens(name).filter((token) => ALONE.has(token) || COINS.has(token) || isCompound(token));
  if (words.length === 0) return null;
  const isPair = words.some((word) => COINS.has(word)) && words.some((word) => POOL_WORDS.has(word));
  const best = Math.max(...words.map((word) => (isCompound(word) ? COIN_AND_POOL : (ALONE.get(word) ?? 0))));
  const front = subdomain === 'pool' || subdomain.startsWith('pool.') ? POOL_IN_FRONT : 0;
  const weight = Math.max(isPair ? COIN_AND_POOL : 0, best, front);
  return weight === 0 ? null : { words, weight };
}

function isCompound(token: string): boolean {
  return COMPOUND.test(token);
}
