/** The digests of core/digest.ts, computed by node:crypto. */
import { createHash } from 'node:crypto';
import type { Digests } from '../core/digest.ts';

export const nodeDigests: Digests = {
  md5Hex: (text) => createHash('md5').update(text).digest('hex'),
  sha256Hex: (text) => createHash('sha256').update(text).digest('hex'),
  sha1Base64: (bytes) => createHash('sha1').update(bytes).digest('base64'),
};
