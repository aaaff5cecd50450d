/**
 * What is kept of a handshake once it has been read: a few numbers and shared texts. The hellos themselves are hundreds
 * of objects, and a busy link holds a hundred thousand flows at once.
 */
import type { Digests } from '../../core/digest.ts';
import { sniTokens } from '../protocol/names.ts';
import type { TlsHandshake } from '../protocol/tls/handshake-reader.ts';
import { remembered } from './cache.ts';
import { rememberedFingerprints } from './hello-cache.ts';
import { ja3s } from './ja3.ts';

export interface TlsSummary {
  readonly client: {
    readonly sni: string | null;
    readonly sniTokens: readonly string[] | null;
    /** Protocol names in the client's order, joined by commas. */
    readonly alpn: string | null;
    readonly cipherCount: number;
    readonly extensionCount: number;
    readonly hasEncryptedHello: boolean;
    readonly ja3: string;
    readonly ja4: string;
  } | null;
  readonly server: {
    readonly version: string | null;
    readonly alpn: string | null;
    readonly cipher: number;
    readonly ja3s: string;
  } | null;
}

export type Summarise = (handshake: TlsHandshake) => TlsSummary | null;

/** @param digests should remember (see cache.ts): the same fingerprints come again and again */
export function tlsSummariser(digests: Digests): Summarise {
  const tokensOf = remembered(sniTokens);
  const fingerprintsOf = rememberedFingerprints(digests);
  return ({ clientHello, serverHello, version }) => {
    if (clientHello === null && serverHello === null) return null;
    const fingerprints = clientHello && fingerprintsOf(clientHello);
    return {
      client: clientHello &&
        fingerprints && {
          alpn: fingerprints.alpn,
          ja3: fingerprints.ja3,
          ja4: fingerprints.ja4,
          sni: clientHello.sni,
          sniTokens: clientHello.sni === null ? null : tokensOf(clientHello.sni),
          cipherCount: clientHello.ciphers.length,
          extensionCount: clientHello.extensions.length,
          hasEncryptedHello: clientHello.hasEncryptedHello,
        },
      server: serverHello && {
        version,
        alpn: serverHello.alpn,
        cipher: serverHello.cipher,
        ja3s: ja3s(serverHello, digests),
      },
    };
  };
}
