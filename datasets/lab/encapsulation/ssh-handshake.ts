/**
 * From the first banner to an open direct-tcpip channel: version exchange and KEXINIT in the clear (RFC 4253), key exchange
 * (RFC 5656, RFC 8731), then, encrypted, the service request, authentication (RFC 4252) and the channel (RFC 4254). Sizes of
 * encrypted messages are summed up field by field; a string costs four bytes of length.
 */
import type { Prng } from '../../../core/prng.ts';
import { joined } from '../dialogue/bytes.ts';
import type { Side } from '../dialogue/message.ts';
import type { Flight } from './channel.ts';
import { connectOnwardUs } from './http-connect.ts';
import type { SshProgram } from './ssh-lists.ts';
import { agreed, clearPacket, type Protection, sealedPacket } from './ssh-packets.ts';

const KEXINIT = 20;
const NEWKEYS = 21;
const KEX_INIT_MESSAGE = 30;
const KEX_REPLY_MESSAGE = 31;

/** What a session's handshake depends on. */
export interface SshLogin {
  readonly client: SshProgram;
  readonly server: SshProgram;
  readonly userLength: number;
  /** Key the user signs in with, or the length of a password. */
  readonly key: KeyType | null;
  readonly passwordLength: number;
  /** Where the channel leads. */
  readonly host: string;
}

export type KeyType = 'ssh-ed25519' | 'ecdsa-sha2-nistp256' | 'rsa-sha2-512';

/** Public key and signature as they are sent, bytes (RFC 8709, RFC 5656, RFC 8332); RSA has 3072 bits, as keys made today do. */
const KEYS: Readonly<Record<string, { readonly blob: number; readonly signature: number }>> = {
  'ssh-ed25519': { blob: 51, signature: 83 },
  'ecdsa-sha2-nistp256': { blob: 104, signature: 100 },
  'rsa-sha2-512': { blob: 407, signature: 404 },
  'rsa-sha2-256': { blob: 407, signature: 404 },
};

/** What client and server put into the key exchange, bytes; sntrup761 is a key (1158) or ciphertext (1039) with a curve point. */
function exchangeBytes(kex: string): { readonly client: number; readonly server: number } {
  if (kex.startsWith('sntrup761')) return { client: 1158 + 32, server: 1039 + 32 };
  if (kex.startsWith('curve25519')) return { client: 32, server: 32 };
  if (kex.startsWith('ecdh-sha2-nistp256')) return { client: 65, server: 65 };
  throw new Error(`no sizes known of ${kex}`); // the programs of ssh-lists.ts agree on one of the above
}

const text = (value: string) => 4 + value.length;

/** KEXINIT: cookie, ten lists of names, no guess follows. */
function kexInit({ kex, hostKeys, ciphers, macs, compression }: SshProgram, prng: Prng): Uint8Array {
  const lists = [kex, hostKeys, ciphers, ciphers, macs, macs, compression, compression, [], []].map((l) => l.join());
  const payload = new Uint8Array(17 + lists.reduce((sum, names) => sum + text(names), 0) + 5);
  const view = new DataView(payload.buffer);
  payload[0] = KEXINIT;
  prng.bytes(payload.subarray(1, 17));
  let at = 17;
  for (const names of lists) {
    view.setUint32(at, names.length);
    for (let i = 0; i < names.length; i++) payload[at + 4 + i] = names.charCodeAt(i);
    at += text(names);
  }
  return clearPacket(payload, prng);
}

/** A message of strings of the given lengths, filled with noise: keys and signatures. */
function exchangeMessage(type: number, lengths: readonly number[], prng: Prng): Uint8Array {
  const payload = prng.bytes(new Uint8Array(1 + lengths.reduce((sum, length) => sum + 4 + length, 0)));
  const view = new DataView(payload.buffer);
  payload[0] = type;
  let at = 1;
  for (const length of lengths) {
    view.setUint32(at, length);
    at += 4 + length;
  }
  return clearPacket(payload, prng);
}

/** The signature algorithms that OpenSSH's EXT_INFO names (RFC 8308), as one list: 228 characters. */
const SIGNATURE_LIST_BYTES = 228;
const isOpenSsh = ({ banner }: SshProgram) => banner.includes('OpenSSH');

export function sshHandshake(login: SshLogin, protection: Protection, prng: Prng): Flight[] {
  const { client, server } = login;
  const flights: Flight[] = [];
  const add = (from: Side, after: number, parts: readonly Uint8Array[], thinkUs = 0) =>
    flights.push({ from, bytes: joined(parts), after, thinkUs }) - 1;
  const sealed = (...fields: readonly number[]) =>
    sealedPacket(1 + fields.reduce((sum, bytes) => sum + bytes, 0), protection, prng);
  const banner = ({ banner: line }: SshProgram) => new TextEncoder().encode(`${line}\r\n`);

  // Both speak first. A server starts a process for each connection before it does.
  const hello = add('client', -1, [banner(client)]);
  const greeting = add('server', -1, [banner(server)], prng.logNormal(9_000, 0.5));
  add('client', greeting, [kexInit(client, prng)]);
  const offered = add('server', hello, [kexInit(server, prng)]);
  const exchange = exchangeBytes(agreed(client.kex, server.kex));
  const hostKey = KEYS[agreed(client.hostKeys, server.hostKeys)]!;
  const asked = add('client', offered, [exchangeMessage(KEX_INIT_MESSAGE, [exchange.client], prng)], 500);
  const reply = exchangeMessage(KEX_REPLY_MESSAGE, [hostKey.blob, exchange.server, hostKey.signature], prng);
  const newKeys = () => clearPacket(Uint8Array.of(NEWKEYS), prng);
  const extensions = client.kex.includes('ext-info-c') && isOpenSsh(server);
  const information = extensions ? [sealed(4, text('server-sig-algs'), 4 + SIGNATURE_LIST_BYTES)] : [];
  let last = add('server', asked, [reply, newKeys(), ...information], 2_000);
  last = add('client', last, [newKeys(), sealed(text('ssh-userauth'))], 1_500);
  last = add('server', last, [sealed(text('ssh-userauth'))]);

  const request = (method: string) => [4 + login.userLength, text('ssh-connection'), text(method)];
  last = add('client', last, [sealed(...request('none'))]);
  last = add('server', last, [sealed(text('publickey,password'), 1)], prng.logNormal(4_000, 0.6));
  if (login.key) {
    const { blob, signature } = KEYS[login.key]!;
    const named = [1, text(login.key), 4 + blob];
    last = add('client', last, [sealed(...request('publickey'), ...named)]);
    last = add('server', last, [sealed(text(login.key), 4 + blob)]);
    last = add('client', last, [sealed(...request('publickey'), ...named, 4 + signature)], prng.logNormal(3_000, 0.5));
  } else last = add('client', last, [sealed(...request('password'), 1, 4 + login.passwordLength)], 1_000);
  // A slow password hash against a signature; chosen.
  const checkUs = login.key ? prng.logNormal(5_000, 0.5) : prng.logNormal(90_000, 0.5);
  const welcome = add('server', last, [sealed()], checkUs);
  if (isOpenSsh(server)) {
    const keys = ['rsa-sha2-512', 'ecdsa-sha2-nistp256', 'ssh-ed25519'].map((name) => 4 + KEYS[name]!.blob);
    add('server', welcome, [sealed(text('hostkeys-00@openssh.com'), 1, ...keys)], 300);
  }
  const open = sealed(text('direct-tcpip'), 12, text(login.host), 4, text('127.0.0.1'), 4);
  const farewellToOthers = isOpenSsh(client) ? [sealed(text('no-more-sessions@openssh.com'), 1)] : [];
  last = add('client', welcome, [...farewellToOthers, open], 800);
  add('server', last, [sealed(16)], connectOnwardUs(prng));
  return flights;
}
