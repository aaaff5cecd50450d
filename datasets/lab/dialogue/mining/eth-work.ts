/** What eth_getWork returns. */
import type { Prng } from '../../../../core/prng.ts';

/** Header hash, seed hash, boundary: three 32-byte values as a JSON array; some pools add the height. */
export function ethWork(prng: Prng, height: boolean): string {
  const extra = height ? `,"0x${prng.hex(6)}"` : '';
  return `["0x${prng.hex(64)}","0x${prng.hex(64)}","0x${prng.hex(64)}"${extra}]`;
}
