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
}

export interface ServerShape {
  readonly groups: string;
  readonly selectsAlpn: boolean;
  readonly prefersOwnCiphers: boolean;
}

const TLS13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';
const TLS13_SHORT_FIRST = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';
const MODERN =
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305';
const SIGALGS_BROWSER =
  'ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:rsa_pkcs1_sha256:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha384:rsa_pkcs1_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha512';

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

export function drawClientShape(prng: Prng): ClientShape {
  return {
    ...prng.pickWeighted(LIBRARIES),
    alpn: prng.chance(0.5) ? prng.pick(ALPN_OFFERS) : [],
    sendsName: prng.chance(0.7),
    stopsAt12: prng.chance(0.5),
    resumes: prng.chance(0.18),
  };
}

export function drawServerShape(prng: Prng): ServerShape {
  return {
    // A server without the client's first group answers with a HelloRetryRequest in TLS 1.3.
    groups: prng.pick(['auto', 'auto', 'X25519:P-256:P-384', 'P-256:P-384', 'P-384:P-256:X25519']),
    selectsAlpn: prng.chance(0.7),
    prefersOwnCiphers: prng.chance(0.6),
  };
}
