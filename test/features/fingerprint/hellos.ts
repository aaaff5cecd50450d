/** Test-only: ClientHellos given by the fields that a fingerprint reads. */
import type { ClientHello } from '../../../features/protocol/tls/client-hello.ts';

const PLAIN: ClientHello = {
  legacyVersion: 0x0303,
  sessionId: new Uint8Array(0),
  ciphers: [],
  compressions: [0],
  extensions: [],
  versions: [],
  groups: [],
  pointFormats: [],
  signatureAlgorithms: [],
  keyShareGroups: [],
  alpn: [],
  alpnBytes: [],
  sni: null,
  hasPreSharedKey: false,
  hasEarlyData: false,
  hasTicket: false,
  hasEncryptedHello: false,
  isOuterHello: false,
  brokenExtensions: 0,
};

export function clientHello(fields: Partial<ClientHello>): ClientHello {
  return { ...PLAIN, ...fields };
}

/** The numbers of a comma-separated list of four-digit hexadecimal values. */
export function codes(text: string): number[] {
  return text.split(',').map((code) => Number.parseInt(code, 16));
}
