/** Addresses that name nobody in particular: a feed that lists them is wrong. */
import { isInNetwork, type Network, parseAddress, parseNetwork } from '../../features/rows/address.ts';

/** Special purposes (RFC 6890 and its registries): private, loopback, link-local, shared, documentation, multicast, reserved. */
const SPECIAL = networks(
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ::/127 fc00::/7 fe80::/10 ff00::/8 2001:db8::/32',
);
/** Those of them that are a network of one's own. */
const LOCAL = networks('10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7 fe80::/10');
/** What resolvers of the public answer on: in half of all configurations of the world. */
const RESOLVERS = networks(
  '1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 2606:4700:4700::1111 2001:4860:4860::8888',
);

function networks(text: string): readonly Network[] {
  return text.split(' ').map((part) => parseNetwork(part)!);
}

function isIn(list: readonly Network[], address: Uint8Array): boolean {
  return list.some((network) => isInNetwork(address, network));
}

/** Whether the network lies in one of special purpose, or holds one of a public resolver alone. */
export function isSpecialNetwork({ bytes, length }: Network): boolean {
  if (isIn(SPECIAL, bytes)) return true;
  return length === bytes.length * 8 && isIn(RESOLVERS, bytes);
}

/** Whether the text is an address of a network of one's own. */
export function isLocalAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && isIn(LOCAL, address);
}
