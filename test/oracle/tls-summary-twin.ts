/** The slow twin of features/fingerprint/tls-summary.ts: decodes every hello in full and remembers nothing. */
import type { Digests } from '../../core/digest.ts';
import { isGrease } from '../../features/fingerprint/grease.ts';
import { ja3, ja3s } from '../../features/fingerprint/ja3.ts';
import { ja4 } from '../../features/fingerprint/ja4.ts';
import { nameShape } from '../../features/fingerprint/name-shape.ts';
import type { ClientSummary, ServerSummary } from '../../features/fingerprint/tls-summary.ts';
import { sniTokens } from '../../features/protocol/names.ts';
import { decodeClientHello } from '../../features/protocol/tls/client-hello.ts';
import { tlsVersionText } from '../../features/protocol/tls/constants.ts';
import type { HelloReader } from '../../features/protocol/tls/hello-reader.ts';
import { decodeServerHello } from '../../features/protocol/tls/server-hello.ts';

export function summaryTwin(digests: Digests): HelloReader<ClientSummary, ServerSummary> {
  return {
    client(bytes, at, end) {
      const hello = decodeClientHello(bytes, at, end);
      return (
        hello && {
          kind: {
            alpn: hello.alpn.length === 0 ? null : hello.alpn.join(','),
            cipherCount: hello.ciphers.length,
            extensionCount: hello.extensions.length,
            hasEncryptedHello: hello.hasEncryptedHello,
            isOuterHello: hello.isOuterHello,
            versions: hello.versions.filter((version) => !isGrease(version)),
            groups: hello.groups.filter((group) => !isGrease(group)),
            keyShareGroups: hello.keyShareGroups.filter((group) => !isGrease(group)),
            hasPreSharedKey: hello.hasPreSharedKey,
            hasEarlyData: hello.hasEarlyData,
            hasTicket: hello.hasTicket,
            ja3: ja3(hello, digests),
            ja4: ja4(hello, digests),
            raw: null,
            cells: null,
          },
          host: {
            sni: hello.sni,
            sniTokens: hello.sni === null ? null : sniTokens(hello.sni),
            sniShape: hello.sni === null ? null : nameShape(hello.sni),
            cells: null,
          },
          hasEarlyData: hello.hasEarlyData,
        }
      );
    },
    server(bytes, at, end) {
      const hello = decodeServerHello(bytes, at, end);
      return (
        hello && {
          version: tlsVersionText(hello.version),
          alpn: hello.alpn,
          cipher: hello.cipher,
          group: hello.group,
          extensions: hello.extensions,
          isRetryRequest: hello.isRetryRequest,
          hasPreSharedKey: hello.hasPreSharedKey,
          isTls13: tlsVersionText(hello.version) === 'TLS 1.3',
          ja3s: ja3s(hello, digests),
          cells: null,
        }
      );
    },
  };
}
