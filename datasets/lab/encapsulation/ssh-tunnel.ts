/**
 * A TCP connection forwarded through SSH (`ssh -L`, RFC 4254, section 7): one direct-tcpip channel in one SSH connection. Nine
 * bytes of channel header, padding and MAC are added to each message; receivers return window, and either end may be set to
 * ask now and then whether the other is still there.
 */
import type { Prng } from '../../../core/prng.ts';
import { joined } from '../dialogue/bytes.ts';
import { SECOND_US, type Side } from '../dialogue/message.ts';
import { type Channel, opposite, QUIET } from './channel.ts';
import { type KeyType, type SshLogin, sshHandshake } from './ssh-handshake.ts';
import { SSH_CLIENTS, SSH_SERVERS, type SshProgram } from './ssh-lists.ts';
import { protectionOf, sealedPacket } from './ssh-packets.ts';

/** What is the same in all sessions with one site. */
export interface SshSite {
  readonly server: SshProgram;
  /** Where the tunnel leads. */
  readonly host: string;
  /** ClientAliveInterval, microseconds; 0: off. */
  readonly aliveUs: number;
}

export function drawSshSite(prng: Prng, host: string): SshSite {
  return {
    server: prng.pickWeighted(SSH_SERVERS),
    host: prng.chance(0.6) ? host : prng.pick(['localhost', '127.0.0.1', '10.0.0.5']),
    aliveUs: prng.pick([0, 0, 0, 60, 120]) * SECOND_US,
  };
}

/** Type, recipient, length of the data (RFC 4254, section 5.2). */
const DATA_HEADER = 9;
const WINDOW_ADJUST = 9;
/** OpenSSH's largest packet on a channel, and the window it keeps open: it is topped up when three packets' worth is used. */
const PACKET_MAX = 32_768;
const WINDOW_STEP = 3 * PACKET_MAX;
/** Type, name, whether an answer is wanted; the answer is REQUEST_FAILURE alone, for nobody knows the request. */
const KEEPALIVE = 1 + 4 + 'keepalive@openssh.com'.length + 1;
const REQUEST_FAILURE = 1;
const CHANNEL_EOF = 5;
const CHANNEL_CLOSE = 5;
/** Reason, "disconnected by user", language. */
const DISCONNECT = 1 + 4 + 4 + 20 + 4;

function drawLogin(prng: Prng, { server, host }: SshSite): SshLogin {
  const keys: readonly KeyType[] = ['ssh-ed25519', 'ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp256'];
  return {
    client: prng.pickWeighted(SSH_CLIENTS),
    server,
    userLength: prng.integer(3, 12),
    key: prng.chance(0.75) ? prng.pick(keys) : null,
    passwordLength: prng.integer(8, 20),
    host,
  };
}

export function openSshTunnel(site: SshSite, prng: Prng): Channel {
  const login = drawLogin(prng.fork('login'), site);
  const protection = protectionOf(login.client, login.server);
  const handshake = sshHandshake(login, protection, prng.fork('handshake'));
  // The client's own interval: off unless set, and then for half a minute to a few minutes.
  const aliveUs = prng.pick([0, 0, 0, 15, 30, 60, 60, 240]) * SECOND_US;
  const noise = prng.fork('packets');
  const packet = (payloadBytes: number) => sealedPacket(payloadBytes, protection, noise);
  const keepAlive = (from: Side, everyUs: number) => ({
    from,
    everyUs,
    whenIdle: true,
    ping: () => packet(KEEPALIVE),
    pong: () => packet(REQUEST_FAILURE),
  });
  const consumed = { client: 0, server: 0 };
  let adjusting: Side | null = null;
  const last = handshake.length - 1;
  return {
    ...QUIET,
    handshake,
    readyAfter: { client: last, server: last },
    keepAlives: [keepAlive('client', aliveUs), keepAlive('server', site.aliveUs)].filter(({ everyUs }) => everyUs > 0),
    seal(from, bytes) {
      const to = opposite(from);
      consumed[to] += bytes.length;
      if (consumed[to] > WINDOW_STEP) {
        consumed[to] = 0;
        adjusting = to;
      }
      if (bytes.length <= PACKET_MAX) return packet(DATA_HEADER + bytes.length);
      const parts: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += PACKET_MAX)
        parts.push(packet(DATA_HEADER + Math.min(PACKET_MAX, bytes.length - at)));
      return joined(parts);
    },
    reaction() {
      const from = adjusting;
      adjusting = null;
      return from && { from, bytes: () => packet(WINDOW_ADJUST) };
    },
    farewell: async (from) => [
      { from, bytes: joined([packet(CHANNEL_EOF), packet(CHANNEL_CLOSE)]) },
      { from: opposite(from), bytes: packet(CHANNEL_CLOSE) },
      { from: 'client', bytes: packet(DISCONNECT) },
    ],
  };
}
