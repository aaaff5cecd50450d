/**
 * The hash functions that fingerprints are defined by. They are handed in by the program at the rim (node:crypto on
 * Node), so that everything that computes a fingerprint also runs where there is no Node.
 */
export interface Digests {
  /** Lowercase hexadecimal MD5 (RFC 1321) of the UTF-8 bytes. */
  md5Hex(text: string): string;
  /** Lowercase hexadecimal SHA-256 (FIPS 180-4) of the UTF-8 bytes. */
  sha256Hex(text: string): string;
  /** Lowercase hexadecimal SHA-256 of the bytes. */
  sha256HexOf(bytes: Uint8Array): string;
  /** Lowercase hexadecimal SHA-1 of the bytes. */
  sha1HexOf(bytes: Uint8Array): string;
  /** Base64 SHA-1 (FIPS 180-4) of the bytes. */
  sha1Base64(bytes: Uint8Array): string;
}
