/**
 * Keys of Initial packets (RFC 9001 5.2, RFC 9369 3.3): HKDF (RFC 5869) with the version's salt over the first
 * destination connection id that the client chose. They hide nothing from anybody who has seen that id.
 */
import type { Ciphers } from '../../../core/ciphers.ts';
import type { QuicVersion } from './versions.ts';

export interface PacketKeys {
  /** AES-128 key, 16 bytes; initialisation vector, 12 bytes; header protection key, 16 bytes. */
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly hp: Uint8Array;
}

const SECRET_BYTES = 32;
const KEY_BYTES = 16;
const IV_BYTES = 12;

const CLIENT = labelInfo('client in', SECRET_BYTES);
const SERVER = labelInfo('server in', SECRET_BYTES);

/** Contexts of the packet keys, by the prefix of their labels. */
const KEY_INFO = new Map(
  ['quic', 'quicv2'].map((prefix) => [
    prefix,
    {
      key: labelInfo(`${prefix} key`, KEY_BYTES),
      iv: labelInfo(`${prefix} iv`, IV_BYTES),
      hp: labelInfo(`${prefix} hp`, KEY_BYTES),
    },
  ]),
);

/** The secrets that one connection id gives; keys of a side are derived when they are first asked for. */
export class InitialSecrets {
  readonly version: QuicVersion;
  readonly dcid: Uint8Array;
  readonly #ciphers: Ciphers;
  readonly #initial: Uint8Array;
  #client: PacketKeys | null = null;
  #server: PacketKeys | null = null;

  /** @param dcid kept */
  constructor(ciphers: Ciphers, version: QuicVersion, dcid: Uint8Array) {
    this.version = version;
    this.dcid = dcid;
    this.#ciphers = ciphers;
    // HKDF-Extract (RFC 5869 2.2).
    this.#initial = ciphers.hmacSha256(version.salt, dcid);
  }

  get client(): PacketKeys {
    this.#client ??= this.#keys(CLIENT);
    return this.#client;
  }

  get server(): PacketKeys {
    this.#server ??= this.#keys(SERVER);
    return this.#server;
  }

  #keys(side: Uint8Array): PacketKeys {
    const ciphers = this.#ciphers;
    const secret = ciphers.hmacSha256(this.#initial, side);
    const info = KEY_INFO.get(this.version.label)!;
    return {
      key: ciphers.hmacSha256(secret, info.key).subarray(0, KEY_BYTES),
      iv: ciphers.hmacSha256(secret, info.iv).subarray(0, IV_BYTES),
      hp: ciphers.hmacSha256(secret, info.hp).subarray(0, KEY_BYTES),
    };
  }
}

/**
 * What HKDF-Expand hashes for HKDF-Expand-Label with an empty context (RFC 8446 7.1) and at most 32 bytes of output:
 * `uint16 length; opaque label<7..255> = "tls13 " + label; opaque context<0..255>`, and the number of the block.
 */
function labelInfo(label: string, length: number): Uint8Array {
  const text = `tls13 ${label}`;
  const bytes = new Uint8Array(2 + 1 + text.length + 2);
  bytes[1] = length;
  bytes[2] = text.length;
  for (let i = 0; i < text.length; i++) bytes[3 + i] = text.charCodeAt(i);
  bytes[bytes.length - 1] = 1;
  return bytes;
}
