/**
 * Crypto-PAn (Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002): two addresses that share
 * their first n bits share the first n bits of what replaces them, and nothing more.
 *
 * Bit i of an address is turned if the first bit of AES(its first i bits, then the pad's) is set. That asks only for bits
 * of the address itself, so all blocks are encrypted in one call.
 */

/** What the key does, handed in from the rim. */
export interface AnonymizerKey {
  /** Blocks of 16 bytes, each encrypted by itself with AES-128 under the first half of the key. */
  encryptBlocks(blocks: Uint8Array): Uint8Array;
  /** The second half of the key. */
  readonly pad: Uint8Array;
  /** HMAC-SHA-256 under a key of its own that is derived from the whole key. */
  mac(bytes: Uint8Array): Uint8Array;
}

const BLOCK = 16;

/** @returns what replaces an address of 4 or 16 bytes */
export type ReplaceAddress = (address: Uint8Array) => Uint8Array;

export function cryptoPan({
  encryptBlocks,
  pad: secretPad,
}: Pick<AnonymizerKey, 'encryptBlocks' | 'pad'>): ReplaceAddress {
  const pad = encryptBlocks(secretPad);
  return (address) => {
    const bits = address.length * 8;
    const blocks = new Uint8Array(bits * BLOCK);
    for (let bit = 0; bit < bits; bit++) {
      const at = bit * BLOCK;
      const whole = bit >> 3;
      blocks.set(pad, at);
      blocks.set(address.subarray(0, whole), at);
      const mask = (0xff00 >> (bit & 7)) & 0xff;
      blocks[at + whole] = (address[whole]! & mask) | (pad[whole]! & ~mask);
    }
    const encrypted = encryptBlocks(blocks);
    return address.map((byte, i) => {
      let turned = 0;
      for (let bit = 0; bit < 8; bit++) turned = (turned << 1) | (encrypted[(8 * i + bit) * BLOCK]! >> 7);
      return byte ^ turned;
    });
  };
}
