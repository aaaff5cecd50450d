/**
 * The identity of a flow: a canonical 5-tuple, the same for both directions. Side A is the lower endpoint (address,
 * then port, compared as unsigned words), side B the other; which of them is `fwd` is decided elsewhere. Of ICMP messages
 * that nothing answers the sender is side A, as Community ID has it: a type and a code are no two ends to be compared.
 */
import { answerTo } from '../packet/icmp.ts';
import { type Packet, Protocol } from '../packet/packet.ts';

/** Words of a key: VLAN (if it counts), version and protocol, both ports, four address words of A, four of B. IPv4 fills the last of four. */
export const KEY_WORDS = 10;
export const KeyWord = { Kind: 0, Ports: 1, AddressA: 2, AddressB: 6 } as const;

/**
 * Reads the key of a packet into `out` and says which side sent it: 0 for A, 1 for B.
 *
 * @param withVlan whether the VLAN is part of the key
 */
export function readKey(packet: Packet, withVlan: boolean, out: Int32Array): 0 | 1 {
  const vlan = withVlan ? packet.vlan + 1 : 0;
  out[KeyWord.Kind] = (vlan << 16) | (packet.ipVersion << 8) | packet.protocol;
  const { protocol } = packet;
  const keepsOrder =
    (protocol === Protocol.Icmp || protocol === Protocol.Icmp6) && answerTo(protocol, packet.sourcePort) === undefined;
  return packet.ipVersion === 4 ? readKey4(packet, keepsOrder, out) : readKey6(packet, keepsOrder, out);
}

function readKey4(packet: Packet, keepsOrder: boolean, out: Int32Array): 0 | 1 {
  const { view, addressAt, sourcePort, destinationPort } = packet;
  const source = view.getInt32(addressAt);
  const destination = view.getInt32(addressAt + 4);
  const sentByA =
    keepsOrder || (source === destination ? sourcePort <= destinationPort : source >>> 0 < destination >>> 0);
  out[2] = out[3] = out[4] = 0;
  out[6] = out[7] = out[8] = 0;
  if (sentByA) {
    out[KeyWord.Ports] = (sourcePort << 16) | destinationPort;
    out[5] = source;
    out[9] = destination;
    return 0;
  }
  out[KeyWord.Ports] = (destinationPort << 16) | sourcePort;
  out[5] = destination;
  out[9] = source;
  return 1;
}

function readKey6(packet: Packet, keepsOrder: boolean, out: Int32Array): 0 | 1 {
  const { view, addressAt, sourcePort, destinationPort } = packet;
  let order = 0;
  for (let word = 0; word < 4 && order === 0; word++) {
    const source = view.getUint32(addressAt + word * 4);
    const destination = view.getUint32(addressAt + 16 + word * 4);
    order = source === destination ? 0 : source < destination ? -1 : 1;
  }
  const sentByA = keepsOrder || (order === 0 ? sourcePort <= destinationPort : order < 0);
  const a = sentByA ? addressAt : addressAt + 16;
  const b = sentByA ? addressAt + 16 : addressAt;
  out[KeyWord.Ports] = sentByA ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort;
  for (let word = 0; word < 4; word++) {
    out[KeyWord.AddressA + word] = view.getInt32(a + word * 4);
    out[KeyWord.AddressB + word] = view.getInt32(b + word * 4);
  }
  return sentByA ? 0 : 1;
}

/** A 32-bit hash of the key `words[at, at + KEY_WORDS)` (the mixing steps of MurmurHash3, Appleby 2011). */
export function hashKey(words: Int32Array, at: number, seed: number): number {
  let hash = seed | 0;
  for (let i = at; i < at + KEY_WORDS; i++) {
    let word = Math.imul(words[i]!, 0xcc9e2d51);
    word = (word << 15) | (word >>> 17);
    hash ^= Math.imul(word, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  return finish(hash);
}

/**
 * The flow's public number: an unsigned 53-bit integer, a hash of the key and the time of the first packet, the same in
 * every run.
 */
export function flowId(words: Int32Array, at: number, us: number, ns: number): number {
  const high = Math.floor(us / 0x1_0000_0000);
  const low = us >>> 0;
  const first = finish(hashKey(words, at, 0x2545f491) ^ Math.imul(low ^ 0x9e3779b9, 0x85ebca6b) ^ ns);
  const second = finish(
    hashKey(words, at, 0x6a09e667) ^ Math.imul(high ^ (low << 7) ^ (low >>> 11), 0xc2b2ae35) ^ first,
  );
  return (second >>> 11) * 0x1_0000_0000 + (first >>> 0);
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Writes the 4 or 16 bytes of the address whose four words start at `at` to `outAt`; IPv4 stands in the last word. */
export function writeAddress(keys: Int32Array, at: number, version: number, out: Uint8Array, outAt = 0): void {
  const words = version === 4 ? 1 : 4;
  for (let i = 0; i < words; i++) {
    const word = keys[at + 4 - words + i]!;
    out[outAt + i * 4] = word >>> 24;
    out[outAt + i * 4 + 1] = word >>> 16;
    out[outAt + i * 4 + 2] = word >>> 8;
    out[outAt + i * 4 + 3] = word;
  }
}
