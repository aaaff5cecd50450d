/** Code points of TLS that the readers name, each with the RFC that defines it. */

/** Record content types (RFC 8446 5.1, RFC 5246 6.2.1). */
export const ContentType = {
  ChangeCipherSpec: 20,
  Alert: 21,
  Handshake: 22,
  ApplicationData: 23,
  /** RFC 6520. */
  Heartbeat: 24,
} as const;

/** Handshake message types (RFC 8446 4, RFC 5246 7.4). */
export const HandshakeType = {
  /** RFC 5246 7.4.1.1: may precede a hello; carries nothing. */
  HelloRequest: 0,
  ClientHello: 1,
  ServerHello: 2,
  Certificate: 11,
  ServerKeyExchange: 12,
  CertificateRequest: 13,
  ServerHelloDone: 14,
} as const;

/** Extension types (IANA TLS ExtensionType Values) whose contents are read. */
export const ExtensionType = {
  /** RFC 6066 3. */
  ServerName: 0,
  /** RFC 8422 5.1.1, RFC 8446 4.2.7 (was "elliptic_curves"). */
  SupportedGroups: 10,
  /** RFC 8422 5.1.2. */
  EcPointFormats: 11,
  /** RFC 8446 4.2.3. */
  SignatureAlgorithms: 13,
  /** RFC 7301 3.1. */
  Alpn: 16,
  /** RFC 5077 3.2. */
  SessionTicket: 35,
  /** RFC 8446 4.2.11. */
  PreSharedKey: 41,
  /** RFC 8446 4.2.10. */
  EarlyData: 42,
  /** Key shares before draft 23 of TLS 1.3, which moved them (draft-ietf-tls-tls13-23, 4.2.8); reserved since. */
  DraftKeyShare: 40,
  /** RFC 8446 4.2.1. */
  SupportedVersions: 43,
  /** RFC 8446 4.2.8. */
  KeyShare: 51,
  /** RFC 9849. */
  EncryptedClientHello: 0xfe0d,
} as const;

/** Protocol versions (RFC 6101, 2246, 4346, 5246, 8446 4.1.2). */
export const TlsVersion = {
  Ssl30: 0x0300,
  Tls10: 0x0301,
  Tls11: 0x0302,
  Tls12: 0x0303,
  Tls13: 0x0304,
  /** DTLS counts downwards (RFC 6347 4.1, RFC 9147 5.3). */
  Dtls10: 0xfeff,
  Dtls12: 0xfefd,
  Dtls13: 0xfefc,
} as const;

/** Drafts of TLS 1.3 negotiated 0x7f00 plus the draft number (draft-ietf-tls-tls13-28 4.2.1.1). */
const DRAFT_13 = 0x7f00;
/** Before draft 22 the ServerHello had neither a session id nor a compression method, and named the draft itself. */
const LAST_SHORT_DRAFT = 21;

const VERSION_TEXT: Readonly<Record<number, string>> = {
  [TlsVersion.Ssl30]: 'SSL 3.0',
  [TlsVersion.Tls10]: 'TLS 1.0',
  [TlsVersion.Tls11]: 'TLS 1.1',
  [TlsVersion.Tls12]: 'TLS 1.2',
  [TlsVersion.Tls13]: 'TLS 1.3',
  [TlsVersion.Dtls10]: 'DTLS 1.0',
  [TlsVersion.Dtls12]: 'DTLS 1.2',
  [TlsVersion.Dtls13]: 'DTLS 1.3',
};

/** "TLS 1.3", "DTLS 1.2" and so on; a draft of TLS 1.3 is called TLS 1.3; null for a version that does not exist. */
export function tlsVersionText(version: number): string | null {
  return VERSION_TEXT[version] ?? (isTls13Draft(version) ? 'TLS 1.3' : null);
}

/** True for the drafts of TLS 1.3 that were deployed. */
export function isTls13Draft(version: number): boolean {
  return version > DRAFT_13 && version <= DRAFT_13 + 28;
}

/** True for the drafts whose ServerHello has the short layout. */
export function isShortDraft(version: number): boolean {
  return version > DRAFT_13 && version <= DRAFT_13 + LAST_SHORT_DRAFT;
}
