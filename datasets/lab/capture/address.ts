/** Addresses that belong to nobody, per capture: no client or server of one capture appears in another. */
import type { Prng } from '../../../core/prng.ts';

/** Clients live in 10.<capture>.0.0/16 (RFC 1918) and 2001:db8:<capture>::/48 (RFC 3849). */
export function clientAddress(capture: number, prng: Prng, v6: boolean): Uint8Array {
  return v6 ? documentation(capture, prng) : Uint8Array.of(10, capture, prng.integer(0, 7), prng.integer(2, 250));
}

/** Servers live in 198.18.0.0/15, set aside for benchmarks (RFC 2544), and in the upper half of the same IPv6 range. */
export function serverAddress(capture: number, prng: Prng, v6: boolean): Uint8Array {
  if (!v6) return Uint8Array.of(198, 18 + (capture >> 6), ((capture & 63) << 2) | prng.below(4), prng.integer(1, 254));
  return documentation(capture | 0x8000, prng);
}

function documentation(network: number, prng: Prng): Uint8Array {
  const bytes = prng.bytes(new Uint8Array(16));
  bytes.set([0x20, 0x01, 0x0d, 0xb8, network >> 8, network & 255, 0, 0]);
  return bytes;
}

/** A locally administered unicast MAC address. */
export function macAddress(prng: Prng): Uint8Array {
  const mac = prng.bytes(new Uint8Array(6));
  mac[0] = (mac[0]! & 0xfc) | 0x02;
  return mac;
}

/** Canonical text; IPv6 with its longest run of zero groups left out (RFC 5952). */
export function addressText(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((ip[2 * i]! << 8) | ip[2 * i + 1]!).toString(16)).join(':');
  const runs = [...groups.matchAll(/(?:^|:)(0(?::0)+)(?=:|$)/g)].map((m) => m[1]!).sort((a, b) => b.length - a.length);
  const longest = runs[0];
  if (longest === undefined) return groups;
  return groups.replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
}
