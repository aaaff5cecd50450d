/** The digests of core/digest.ts and the ciphers of core/ciphers.ts, computed by node:crypto. */
import * as crypto from 'node:crypto';
import type { Ciphers } from '../core/ciphers.ts';
import type { Digests } from '../core/digest.ts';
import { nodeCiphers } from './ciphers-node.ts';

type Encoding = 'hex' | 'base64';

/** `crypto.hash` (Node 20.12 and later) costs a third of a hash object; before it there is only the object. */
const hash: (algorithm: string, data: string | Uint8Array, encoding: Encoding) => string =
  crypto.hash ??
  ((algorithm: string, data: string | Uint8Array, encoding: Encoding) =>
    crypto.createHash(algorithm).update(data).digest(encoding));

export const nodeDigests: Digests & Ciphers = {
  ...nodeCiphers,
  md5Hex: (text) => hash('md5', text, 'hex'),
  sha256Hex: (text) => hash('sha256', text, 'hex'),
  sha256HexOf: (bytes) => hash('sha256', bytes, 'hex'),
  sha1HexOf: (bytes) => hash('sha1', bytes, 'hex'),
  sha1Base64: (bytes) => hash('sha1', bytes, 'base64'),
};
