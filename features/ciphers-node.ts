/** The ciphers of core/ciphers.ts, computed by node:crypto. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Ciphers } from '../core/ciphers.ts';

const TAG_BYTES = 16;
/** Block counter of GCM's first block of text (NIST SP 800-38D 7.1: the one before masks the tag). */
const FIRST_BLOCK = 2;

export const nodeCiphers: Ciphers = {
  hmacSha256: (key, data) => plain(createHmac('sha256', key).update(data).digest()),

  aes128Block: (key, block) => plain(createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block)),

  openAes128Gcm: (key, nonce, associated, sealed) => {
    const tagAt = sealed.length - TAG_BYTES;
    if (tagAt < 0) return null;
    const decipher = createDecipheriv('aes-128-gcm', key, nonce);
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(tagAt));
    const text = decipher.update(sealed.subarray(0, tagAt));
    try {
      decipher.final();
      return plain(text);
    } catch {
      return null; // the only way in which node:crypto says that the tag is wrong
    }
  },

  peekAes128Gcm: (key, nonce, beginning) => {
    const counter = new Uint8Array(16);
    counter.set(nonce);
    counter[15] = FIRST_BLOCK;
    return plain(createDecipheriv('aes-128-ctr', key, counter).update(beginning));
  },
};

/** A Buffer's `slice` is a view, a Uint8Array's a copy: readers count on the copy. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length);
}
