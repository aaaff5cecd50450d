/**
 * How TLS clients and servers differ on the wire: cipher lists, groups, signature algorithms, ALPN, SNI, resumption. One
 * distribution serves every dialogue, so a handshake says which library spoke and never what for. (Real miners are less
 * varied: XMRig sends no ALPN and mostly no SNI. That is a true hint, and deliberately not one these captures can teach.)
 */
import type { Prng } from '../../../core/prng.ts';

export interface ClientShape {
  readonly library: string;
  readonly ciphers: string;
  readonly groups: string;
  readonly sigalgs: string;
  /** Protocols offered; empty: no ALPN extension. */
  readonly alpn: readonly string[];
  readonly sendsName: boolean;
  /** The client itself refuses TLS 1.3 (matters only where TLS 1.2 is spoken). */
  readonly stopsAt12: boolean;
  /** It was here before and resumes that session. */
  readonly resumes: boolean;
  /** Number of the certificate it shows a server that asks; -1: it has none and shows an empty list. */
  readonly certificate: number;
  /** Longest plaintext it puts into one record, bytes. */
  readonly recordBytes: number;
}

export interface ServerShape {
  readonly groups: string;
  /** In order of preference; empty: the library's own. */
  readonly ciphers: string;
  /** Protocols it selects from, the one it prefers first; empty: it does not answer ALPN. */
  readonly alpn: readonly string[];
  readonly prefersOwnCiphers: boolean;
  readonly asksCertificate: boolean;
  /** Where TLS 1.2 is spoken: it knows sessions by identifier and issues no tickets. */
  readonly remembersSessions: boolean;
  /** Longest plaintext it puts into one record, bytes. */
  readonly recordBytes: number;
}

const TLS13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
const TLS13_SHORT_FIRST = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const MODERN =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305';
const SIGALGS_BROWSER =
  'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:rsa_pkcs1_sha256:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha384:rsa_pkcs1_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha512';

const CBC =
  'ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA';
/** GnuTLS's order: larger curves of both families, finite fields last. */
const SIGALGS_LARGE_FIRST =
  'ecdsa_secp384r1_sha384:ecdsa_secp256r1_sha256:ed25519:rsa_pss_rsae_sha512:rsa_pss_rsae_sha384:rsa_pss_rsae_sha256:rsa_pkcs1_sha512:rsa_pkcs1_sha384:rsa_pkcs1_sha256';

type Library = Pick<ClientShape, 'library' | 'ciphers' | 'groups' | 'sigalgs'>;

/** Shapes in the manner of common libraries as far as OpenSSL can be told to imitate them; extension order stays its own. */
const LIBRARIES: readonly { readonly weight: number; readonly value: Library }[] = [
  { weight: 30, value: { library: 'openssl', ciphers: `${TLS13}:DEFAULT`, groups: 'auto', sigalgs: '' } },
  {
    weight: 20,
    value: {
      library: 'browser',
      ciphers: `${TLS13_SHORT_FIRST}:${MODERN}:AES128-GCM-SHA256:AES256-GCM-SHA384`,
      groups: 'X25519:P-256:P-384',
      sigalgs: SIGALGS_BROWSER,
    },
  },
  {
    weight: 15,
    value: {
      library: 'go',
      ciphers: `${TLS13_SHORT_FIRST}:${MODERN}`,
      groups: 'X25519:P-256:P-384:P-521',
      sigalgs: '',
    },
  },
  {
    weight: 12,
    value: {
      library: 'java',
      ciphers: `${TLS13}:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256`,
      groups: 'P-256:P-384:P-521',
      sigalgs: '',
    },
  },
  {
    weight: 13,
    value: { library: 'node', ciphers: `${TLS13}:${MODERN}:HIGH:!aNULL:!MD5:!PSK:!SRP`, groups: 'auto', sigalgs: '' },
  },
  {
    // Rust programs: few suites, no key exchange but elliptic curves, no SHA-1.
    weight: 8,
    value: {
      library: 'rust',
      ciphers: `${TLS13}:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305`,
      groups: 'X25519:P-256:P-384',
      sigalgs: SIGALGS_LARGE_FIRST,
    },
  },
  {
    weight: 6,
    value: {
      library: 'gnu',
      ciphers: `${TLS13}:${MODERN}:${CBC}:AES256-GCM-SHA384:AES128-GCM-SHA256`,
      groups: 'P-256:P-384:P-521:X25519:X448:ffdhe2048:ffdhe3072',
      sigalgs: SIGALGS_LARGE_FIRST,
    },
  },
  {
    // Phones without AES instructions put ChaCha20 first.
    weight: 6,
    value: {
      library: 'phone',
      ciphers:
        'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA',
      groups: 'X25519:P-256:P-384',
      sigalgs: SIGALGS_BROWSER,
    },
  },
  {
    // Clients of ten years ago, still about: CBC suites first, no curve but NIST's.
    weight: 5,
    value: {
      library: 'old',
      ciphers: `TLS_AES_128_GCM_SHA256:${CBC}:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES256-SHA:AES128-SHA`,
      groups: 'P-256:P-384:P-521',
      sigalgs: '',
    },
  },
  {
    weight: 10,
    value: {
      library: 'embedded',
      ciphers: `TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256`,
      groups: 'P-256:P-384',
      sigalgs: SIGALGS_BROWSER,
    },
  },
];

const ALPN_OFFERS: readonly (readonly string[])[] = [
  ['h2', 'http/1.1'],
  ['http/1.1'],
  ['http/1.1'],
  ['h2', 'http/1.1', 'http/1.0'],
];

/** OpenSSL's and most others' limit is the protocol's; stacks for little memory are built with less (chosen from their options). */
const CLIENT_RECORDS = [16_384, 16_384, 16_384, 16_384, 16_384, 16_384, 16_384, 4_096, 2_048, 512];
/** Servers that fit records into segments, so that a browser can show the first lines at once, use about 1,400 bytes or 4 KiB. */
const SERVER_RECORDS = [16_384, 16_384, 16_384, 16_384, 16_384, 16_384, 8_192, 4_096, 1_369, 1_400];
/** One client in three was given a certificate, so that of the few sites that ask most, but not all, get one; chosen. */
const CERTIFIED_SHARE = 0.35;
/** Sites that ask for a certificate: brokers of devices, company gateways. Chosen: rare, but enough to be met in a capture. */
const ASKING_SHARE = 0.06;

export function drawClientShape(prng: Prng): ClientShape {
  return {
    ...prng.pickWeighted(LIBRARIES),
    alpn: prng.chance(0.5) ? prng.pick(ALPN_OFFERS) : [],
    sendsName: prng.chance(0.7),
    stopsAt12: prng.chance(0.5),
    resumes: prng.chance(0.18),
    certificate: prng.chance(CERTIFIED_SHARE) ? prng.below(12) : -1,
    recordBytes: prng.pick(CLIENT_RECORDS),
  };
}

/** A WebSocket client at a front: it names the site it wants and offers HTTP/1.1, which an upgrade needs, or nothing. */
export function frontShape(shape: ClientShape): ClientShape {
  return { ...shape, sendsName: true, alpn: shape.alpn.length > 0 ? ['http/1.1'] : [] };
}

export function drawServerShape(prng: Prng): ServerShape {
  return {
    // A server without the client's first group answers with a HelloRetryRequest in TLS 1.3.
    groups: prng.pick(['auto', 'auto', 'X25519:P-256:P-384', 'P-256:P-384', 'P-384:P-256:X25519']),
    ciphers: prng.pickWeighted([
      { weight: 70, value: '' },
      { weight: 15, value: `${TLS13_SHORT_FIRST}:${MODERN}` },
      { weight: 8, value: `TLS_CHACHA20_POLY1305_SHA256:${TLS13}:ECDHE-ECDSA-CHACHA20-POLY1305:${MODERN}` },
      { weight: 7, value: `${TLS13}:${CBC}:${MODERN}` },
    ]),
    alpn: prng.pickWeighted([
      { weight: 35, value: [] },
      { weight: 50, value: ['http/1.1'] },
      { weight: 15, value: ['h2', 'http/1.1'] },
    ]),
    prefersOwnCiphers: prng.chance(0.6),
    asksCertificate: prng.chance(ASKING_SHARE),
    remembersSessions: prng.chance(0.35),
    recordBytes: prng.pick(SERVER_RECORDS),
  };
}
