/**
 * SSH as it looks from outside (RFC 4253, 4252, 4254): version lines and key exchange in the clear, then sealed packets whose
 * lengths follow from the messages inside. Nothing is really encrypted here: sealed bytes are random, their lengths right.
 */
import type { Prng } from '../../../core/prng.ts';
import { bytesOf, filler, type Part, u32 } from './bytes.ts';
import { drawn, letters, type Script, serverThinkUs } from './message.ts';

const MessageNumber = { KexInit: 20, NewKeys: 21, KexEcdhInit: 30, KexEcdhReply: 31 } as const;

/** How a cipher rounds and tags; the length field in front is never part of the rounding for these. */
export interface SshCipher {
  readonly name: string;
  readonly blockBytes: number;
  readonly tagBytes: number;
}

const CIPHERS: readonly SshCipher[] = [
  { name: 'chacha20-poly1305@openssh.com', blockBytes: 8, tagBytes: 16 },
  { name: 'aes256-gcm@openssh.com', blockBytes: 16, tagBytes: 16 },
  { name: 'aes128-ctr', blockBytes: 16, tagBytes: 32 }, // with hmac-sha2-256-etm@openssh.com
];

const LENGTH_BYTES = 4;
const PADDING_MIN = 4;

/** Length, padding length, payload, at least four bytes of padding up to the block (RFC 4253, section 6), tag. */
export function sshPacketLength(payloadBytes: number, { blockBytes, tagBytes }: SshCipher): number {
  return LENGTH_BYTES + Math.ceil((1 + payloadBytes + PADDING_MIN) / blockBytes) * blockBytes + tagBytes;
}

/** Before there are keys the block is eight bytes and includes the length. */
function clearPacket(prng: Prng, ...payload: Part[]): Uint8Array {
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  const padding = PADDING_MIN + ((8 - ((LENGTH_BYTES + 1 + length + PADDING_MIN) % 8)) % 8);
  return bytesOf(u32(1 + length + padding), [padding], ...payload, filler(prng, padding));
}

const text = (value: string): Part => bytesOf(u32(value.length), value);

interface Implementation {
  readonly version: string;
  readonly kex: string;
  readonly hostKeys: string;
  readonly ciphers: string;
  readonly macs: string;
}

const CURVES =
  'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521';
const GROUPS = 'diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256';
const MACS =
  'umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1';
const HOST_KEYS = 'ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256';
const OPENSSH_CIPHERS =
  'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com';

/** Names of algorithms as these programs list them; long lists make the 1.5 kB of an OpenSSH KEXINIT, short ones 0.5 kB. */
const CLIENTS: readonly Implementation[] = [
  {
    version: 'OpenSSH_9.6p1 Ubuntu-3ubuntu13',
    kex: `sntrup761x25519-sha512@openssh.com,${CURVES},${GROUPS},ext-info-c,kex-strict-c-v00@openssh.com`,
    hostKeys: `ssh-ed25519-cert-v01@openssh.com,ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521-cert-v01@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,${HOST_KEYS}`,
    ciphers: OPENSSH_CIPHERS,
    macs: MACS,
  },
  {
    version: 'OpenSSH_8.4p1',
    kex: `${CURVES},${GROUPS},ext-info-c`,
    hostKeys: HOST_KEYS,
    ciphers: OPENSSH_CIPHERS,
    macs: MACS,
  },
  {
    version: 'Go',
    kex: `${CURVES},diffie-hellman-group14-sha256,ext-info-c`,
    hostKeys: HOST_KEYS,
    ciphers: 'aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr',
    macs: 'hmac-sha2-256-etm@openssh.com,hmac-sha2-256,hmac-sha1,hmac-sha1-96',
  },
  {
    version: 'PuTTY_Release_0.80',
    kex: `${CURVES},${GROUPS}`,
    hostKeys: HOST_KEYS,
    ciphers: OPENSSH_CIPHERS,
    macs: MACS,
  },
];
const SERVERS: readonly Implementation[] = [
  {
    version: 'OpenSSH_9.2p1 Debian-2+deb12u2',
    kex: `sntrup761x25519-sha512@openssh.com,${CURVES},${GROUPS},kex-strict-s-v00@openssh.com`,
    hostKeys: 'rsa-sha2-512,rsa-sha2-256,ecdsa-sha2-nistp256,ssh-ed25519',
    ciphers: OPENSSH_CIPHERS,
    macs: MACS,
  },
  { version: 'OpenSSH_7.4', kex: `${CURVES},${GROUPS}`, hostKeys: HOST_KEYS, ciphers: OPENSSH_CIPHERS, macs: MACS },
  {
    version: 'dropbear_2022.83',
    kex: 'curve25519-sha256,diffie-hellman-group14-sha256',
    hostKeys: 'ssh-ed25519,rsa-sha2-256',
    ciphers: 'chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr',
    macs: 'hmac-sha2-256,hmac-sha1',
  },
];

function kexInit(prng: Prng, { kex, hostKeys, ciphers, macs }: Implementation): Uint8Array {
  const both = (list: string) => bytesOf(text(list), text(list));
  const lists = [text(kex), text(hostKeys), both(ciphers), both(macs), both('none,zlib@openssh.com'), both('')];
  return clearPacket(prng, [MessageNumber.KexInit], filler(prng, 16), ...lists, [0], u32(0));
}

/** Public values and signatures: X25519, alone or with the lattice key in front; Ed25519 or RSA-3072 host keys. */
const HYBRID = { client: 1_158 + 32, server: 1_039 + 32 };
const CURVE = { client: 32, server: 32 };
const ED25519 = { key: 51, signature: 83 };
const RSA = { key: 407, signature: 404 };

export class SshSession {
  readonly #prng: Prng;
  readonly #client: Implementation;
  readonly #server: Implementation;
  readonly #cipher: SshCipher;
  readonly #hostKey: { readonly key: number; readonly signature: number };
  readonly #method: 'publickey' | 'password';

  /** @param prng this session's; @param operator the server's own choices. */
  constructor(prng: Prng, operator: Prng) {
    this.#prng = prng;
    this.#client = prng.pick(CLIENTS);
    this.#server = operator.pick(SERVERS);
    this.#cipher = operator.pickWeighted([
      { weight: 6, value: CIPHERS[0]! },
      { weight: 2, value: CIPHERS[1]! },
      { weight: 2, value: CIPHERS[2]! },
    ]);
    this.#hostKey = operator.chance(0.75) ? ED25519 : RSA;
    this.#method = prng.chance(0.75) ? 'publickey' : 'password';
  }

  /** One sealed packet for a message of so many bytes. */
  packet(payloadBytes: number): Uint8Array {
    return filler(this.#prng, sshPacketLength(payloadBytes, this.#cipher));
  }

  /** SSH_MSG_CHANNEL_DATA: number, channel, length, data (RFC 4254, section 5.2). */
  data(bytes: number): Uint8Array {
    return this.packet(9 + bytes);
  }

  /** From the version lines to a signed-in user; returns the index of the server's SUCCESS. */
  open(script: Script): number {
    const prng = this.#prng;
    const greeting = script.say('client', prng.integer(100, 2_000), `SSH-2.0-${this.#client.version}\r\n`);
    script.say('server', prng.integer(500, 30_000), `SSH-2.0-${this.#server.version}\r\n`);
    const offer = script.reply(greeting, kexInit(prng, this.#server), serverThinkUs(prng));
    const ours = script.reply(offer, kexInit(prng, this.#client), prng.integer(50, 1_000));
    const sizes = this.#client.kex.startsWith('sntrup') && this.#server.kex.startsWith('sntrup') ? HYBRID : CURVE;
    const init = clearPacket(prng, [MessageNumber.KexEcdhInit], u32(sizes.client), filler(prng, sizes.client));
    const { key, signature } = this.#hostKey;
    const reply = clearPacket(
      prng,
      [MessageNumber.KexEcdhReply],
      ...[key, sizes.server, signature].flatMap((length) => [u32(length), filler(prng, length)]),
    );
    const newKeys = clearPacket(prng, [MessageNumber.NewKeys]);
    const asked = script.follow(ours, init, prng.integer(300, 4_000));
    const agreed = script.reply(asked, bytesOf(reply, newKeys), drawn(prng, 3_000, 0.6, 500, 60_000));
    return this.#signIn(script, script.reply(agreed, newKeys, prng.integer(300, 3_000)));
  }

  /** Service, then "none", which is refused and names the methods, then the method itself (RFC 4252). */
  #signIn(script: Script, from: number): number {
    const prng = this.#prng;
    const user = 1 + 4 + prng.integer(3, 12) + 4 + 'ssh-connection'.length + 4;
    let last = script.follow(from, this.packet(17), prng.integer(50, 800));
    const answer = (bytes: Uint8Array) => {
      last = script.reply(last, bytes, serverThinkUs(prng));
    };
    const ask = (bytes: Uint8Array, thinkUs: number) => {
      last = script.reply(last, bytes, thinkUs);
    };
    answer(this.packet(17));
    ask(this.packet(user + 4), prng.integer(50, 800));
    answer(this.packet(1 + 4 + 'publickey,password'.length + 1));
    if (this.#method === 'publickey') {
      const key = 1 + 4 + 'ssh-ed25519'.length + 4 + ED25519.key;
      ask(this.packet(user + 9 + key), prng.integer(500, 20_000));
      answer(this.packet(key));
      ask(this.packet(user + 9 + key + 4 + ED25519.signature), prng.integer(500, 8_000));
    } else {
      // A person types it: OpenSSH sends the password in one packet, some seconds later.
      ask(this.packet(user + 8 + 1 + 4 + prng.integer(8, 24)), drawn(prng, 4_000_000, 0.5, 800_000, 30_000_000));
    }
    answer(this.packet(1));
    return last;
  }

  /** A session channel with a terminal, or without one; returns the index of the last answer. */
  channel(script: Script, from: number, terminal: boolean): number {
    const prng = this.#prng;
    const open = script.reply(from, this.packet(24), prng.integer(100, 3_000));
    const hostKeys = this.packet(1 + 4 + 'hostkeys-00@openssh.com'.length + 1 + 4 + RSA.key + 4 + ED25519.key + 108);
    const confirmed = script.reply(open, bytesOf(hostKeys, this.packet(17)), serverThinkUs(prng));
    // pty-req with 60 encoded modes of five bytes, two environment variables, then the shell or the command.
    const pty = terminal
      ? bytesOf(this.packet(45 + letters(prng, prng.integer(5, 14)).length + 301), this.packet(38))
      : '';
    const asked = script.reply(confirmed, bytesOf(pty, this.packet(terminal ? 15 : 60)), prng.integer(100, 2_000));
    return script.reply(asked, bytesOf(this.packet(9), this.packet(5)), drawn(prng, 6_000, 0.8, 500, 200_000));
  }
}
