/** A tunnel through a SOCKS proxy, version 5 (RFC 1928), with the password of RFC 1929 where the proxy wants one. */
import type { Prng } from '../../../core/prng.ts';
import { letters } from '../dialogue/message.ts';
import { type Channel, type Flight, QUIET } from './channel.ts';
import { connectOnwardUs } from './http-connect.ts';

export interface SocksProxy {
  /** Name to resolve at the proxy; null where the client has resolved it and asks for `address`. */
  readonly name: string | null;
  readonly address: Uint8Array;
  readonly port: number;
  /** Null where no password is asked for. */
  readonly password: { readonly user: string; readonly secret: string } | null;
}

export function drawSocksProxy(prng: Prng, host: string, port: number): SocksProxy {
  return {
    name: prng.chance(0.7) ? host : null,
    address: Uint8Array.of(198, 19, prng.below(256), prng.integer(1, 254)),
    port,
    password: prng.chance(0.35)
      ? { user: letters(prng, prng.integer(4, 12)), secret: letters(prng, prng.integer(8, 20)) }
      : null,
  };
}

const VERSION = 5;
const PASSWORD_VERSION = 1;
const Method = { None: 0, Password: 2 } as const;
const CONNECT = 1;
const Address = { V4: 1, Name: 3 } as const;
const encoder = new TextEncoder();

const counted = (text: string) => [text.length, ...encoder.encode(text)];

export function openSocks5(proxy: SocksProxy, prng: Prng): Channel {
  const { name, address, port, password } = proxy;
  const flights: Flight[] = [];
  const add = (from: Flight['from'], bytes: readonly number[], thinkUs = 0) =>
    flights.push({ from, bytes: Uint8Array.from(bytes), after: flights.length - 1, thinkUs });

  // A client that has a password offers both methods, and so do some that have none.
  const methods = password || prng.chance(0.3) ? [Method.None, Method.Password] : [Method.None];
  add('client', [VERSION, methods.length, ...methods]);
  add('server', [VERSION, password ? Method.Password : Method.None]);
  if (password) {
    add('client', [PASSWORD_VERSION, ...counted(password.user), ...counted(password.secret)]);
    add('server', [PASSWORD_VERSION, 0]);
  }
  const target = name === null ? [Address.V4, ...address] : [Address.Name, ...counted(name)];
  add('client', [VERSION, CONNECT, 0, ...target, port >> 8, port & 255]);
  // The address the proxy bound: its own, or zeros where it does not tell.
  const bound = prng.chance(0.5) ? [10, prng.below(256), prng.below(256), prng.integer(1, 254)] : [0, 0, 0, 0];
  const boundPort = bound[0] === 0 ? 0 : prng.integer(32_768, 60_999);
  add('server', [VERSION, 0, 0, Address.V4, ...bound, boundPort >> 8, boundPort & 255], connectOnwardUs(prng));
  const last = flights.length - 1;
  return { ...QUIET, handshake: flights, readyAfter: { client: last, server: last }, seal: (_from, bytes) => bytes };
}
