/** Ports that pools like: a weak hint, since any service may listen there, and pools listen on 443 too. */
import type { Finding } from '../../../core/table.ts';
import { safeText } from '../../evidence/safe-text.ts';
import { EvidenceSource } from '../../evidence/source.ts';

const WEIGHT = 0.3;

/**
 * Port, and whose habit it is. Left out are ports that other services have too: 443, 80, 8080, 8888, 4444, 5555, 7777, 8332, 8545.
 */
export const POOL_PORTS: ReadonlyMap<number, string> = new Map([
  [3333, 'the usual port of Stratum, and the default of XMRig'],
  [3334, 'the second port of pools on 3333'],
  [3353, 'a port of pools for Ethash'],
  [3357, 'a port of pools for Equihash'],
  [14433, 'a port of pools for Monero, with TLS'],
  [14444, 'a port of pools for Monero'],
  [34254, 'the default of Stratum V2 pools'],
  [34255, 'the default of Stratum V2 proxies'],
  [45700, 'a port of pools for CryptoNote coins'],
]);

/** @param ports of the server, at which both sides said something */
export function portFinding(ports: Iterable<number>, server: string): Finding | null {
  for (const port of ports) {
    const habit = POOL_PORTS.get(port);
    if (habit === undefined) continue;
    const finding = `Talks to port ${port} of ${safeText(server)}: ${habit}. Other services may use it.`;
    return { source: EvidenceSource.Host, finding, weight: WEIGHT };
  }
  return null;
}
