/**
 * What opens the first packets of QUIC, whose keys anybody can derive (RFC 9001 5.2). Handed in by the program at the
 * rim, as the digests of digest.ts are and for the same reason.
 */
export interface Ciphers {
  /** HMAC-SHA-256 (RFC 2104): 32 bytes. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** One block of 16 bytes, encrypted with AES-128 (FIPS 197). */
  aes128Block(key: Uint8Array, block: Uint8Array): Uint8Array;
  /**
   * AEAD_AES_128_GCM (RFC 5116 5.1): the plaintext, null if the tag of 16 bytes at the end of `sealed` is not right.
   *
   * @param nonce 12 bytes
   */
  openAes128Gcm(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /**
   * The plaintext of the beginning of what AEAD_AES_128_GCM sealed. Whether it is genuine only the tag could tell.
   *
   * @param nonce 12 bytes
   */
  peekAes128Gcm(key: Uint8Array, nonce: Uint8Array, beginning: Uint8Array): Uint8Array;
}
