/** The ways in which miners and pools speak, and what a message of them does. */

export const DIALECTS = [
  'stratum-v1',
  'ethereum-stratum-1',
  'ethereum-stratum-2',
  'ethproxy',
  'eth-getwork',
  'cryptonote',
  'coinhive',
  'getwork',
  'getblocktemplate',
  'stratum-v2',
] as const;
export type Dialect = (typeof DIALECTS)[number];

export const TRANSPORTS = ['tcp', 'http', 'websocket'] as const;
export type MiningTransport = (typeof TRANSPORTS)[number];

export const Act = {
  /** A miner says hello. */
  Subscribe: 1,
  /** It says for whom it works. */
  Authorise: 2,
  /** It hands in a share or a block. */
  Submit: 3,
  /** It asks for work. */
  Ask: 4,
  /** It says that it is alive, or how fast it is; or the pool asks. */
  KeepAlive: 5,
  /** It settles how to speak. */
  Settle: 6,
  /** A pool hands out work. */
  Job: 7,
  /** It says how hard shares are to be. */
  Difficulty: 8,
  /** It says something else that only pools say. */
  Notice: 9,
} as const;
export type Act = (typeof Act)[keyof typeof Act];

/** Who says it. */
export const Role = { Miner: 0, Pool: 1, Either: 2 } as const;
export type Role = (typeof Role)[keyof typeof Role];
