/**
 * JA3 and JA3S (Althouse, Atkinson, Atkins, 2017): decimal numbers in the order sent, '-' within a field, ',' between
 * fields, GREASE left out, hashed with MD5. Kept for exchange with other tools: clients that shuffle their extensions
 * have a new JA3 every time.
 */
import type { Digests } from '../../core/digest.ts';
import type { ClientHello } from '../protocol/tls/client-hello.ts';
import type { ServerHello } from '../protocol/tls/server-hello.ts';
import { withoutGrease } from './grease.ts';

/** `SSLVersion,Cipher,SSLExtension,EllipticCurve,EllipticCurvePointFormat` */
export function ja3Text(hello: ClientHello): string {
  const { legacyVersion, ciphers, extensions, groups, pointFormats } = hello;
  return `${legacyVersion},${dashed(ciphers)},${dashed(extensions)},${dashed(groups)},${pointFormats.join('-')}`;
}

/** MD5 of `ja3Text`. */
export function ja3(hello: ClientHello, digests: Digests): string {
  return digests.md5Hex(ja3Text(hello));
}

/** `SSLVersion,Cipher,SSLExtension`, the cipher being the one chosen. */
export function ja3sText(hello: ServerHello): string {
  return `${hello.legacyVersion},${hello.cipher},${dashed(hello.extensions)}`;
}

/** MD5 of `ja3sText`. */
export function ja3s(hello: ServerHello, digests: Digests): string {
  return digests.md5Hex(ja3sText(hello));
}

function dashed(values: readonly number[]): string {
  return withoutGrease(values).join('-');
}
