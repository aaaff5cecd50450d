/**
 * How one site is reached: its encapsulation with all that stays the same from session to session. Who answers at the far end
 * of a proxy or behind a front is drawn like any other server.
 */
import type { Prng } from '../../../core/prng.ts';
import { drawCredentials } from './certificate.ts';
import type { Channel, EncapsulationName } from './channel.ts';
import { drawHttpProxy, openHttpConnect } from './http-connect.ts';
import { openPlain } from './plain.ts';
import { type ClientShape, drawServerShape, frontShape } from './shapes.ts';
import { drawSocksProxy, openSocks5 } from './socks5.ts';
import { drawSshSite, openSshTunnel } from './ssh-tunnel.ts';
import { stacked } from './stack.ts';
import { openTls } from './tls.ts';
import type { TlsServer, TlsVersion } from './tls-contexts.ts';
import { drawWebSocketSite, openWebSocket } from './websocket.ts';

export interface Wrapping {
  readonly name: EncapsulationName;
  /** Opens a session's channel; all that is drawn comes from `prng`. `client` is the one that speaks TLS, if any does. */
  open(prng: Prng, client: ClientShape): Promise<Channel>;
}

/** @param host @param port of the application's server, which a proxy is asked for. */
export function drawWrapping(prng: Prng, name: EncapsulationName, host: string, port: number): Wrapping {
  return { name, open: opener(prng, name, host, port) };
}

function opener(prng: Prng, name: EncapsulationName, host: string, port: number): Wrapping['open'] {
  switch (name) {
    case 'plain':
      return async () => openPlain();
    case 'tls12':
    case 'tls13':
      return tlsOpener(prng, name, host);
    case 'websocket': {
      const site = drawWebSocketSite(prng, host, false);
      return async (session) => openWebSocket(site, session);
    }
    case 'websocket-tls': {
      const site = drawWebSocketSite(prng.fork('websocket'), host, true);
      const tls = tlsOpener(prng, drawVersion(prng), host, true);
      return async (session, client) => stacked(await tls(session, client), openWebSocket(site, session));
    }
    case 'http-connect':
    case 'http-connect-tls': {
      const proxy = drawHttpProxy(prng.fork('proxy'), host, port);
      return through((session) => openHttpConnect(proxy, session), name.endsWith('-tls') ? prng : null, host);
    }
    case 'socks5':
    case 'socks5-tls': {
      const proxy = drawSocksProxy(prng.fork('proxy'), host, port);
      return through((session) => openSocks5(proxy, session), name.endsWith('-tls') ? prng : null, host);
    }
    case 'ssh-tunnel': {
      const site = drawSshSite(prng, host);
      return async (session) => openSshTunnel(site, session);
    }
  }
}

/** The same shares as in the names tls12 and tls13. */
const drawVersion = (prng: Prng): TlsVersion => (prng.chance(1 / 3) ? 'tls12' : 'tls13');

/** @param prng for the server whose TLS is spoken through the proxy; null: none is. */
function through(proxy: (session: Prng) => Channel, prng: Prng | null, host: string): Wrapping['open'] {
  if (!prng) return async (session) => proxy(session);
  const tls = tlsOpener(prng, drawVersion(prng), host);
  return async (session, client) => stacked(proxy(session), await tls(session, client));
}

function tlsOpener(prng: Prng, version: TlsVersion, host: string, isFront = false): Wrapping['open'] {
  const server = drawTlsServer(prng, version, host, isFront);
  return async (_session, client) => openTls(server, isFront ? frontShape(client) : client);
}

function drawTlsServer(prng: Prng, version: TlsVersion, host: string, isFront: boolean): TlsServer {
  const shape = drawServerShape(prng.fork('server'));
  const identity = prng.fork('certificate');
  let credentials: ReturnType<typeof drawCredentials> | null = null;
  return {
    version,
    host,
    shape: isFront ? { ...shape, alpn: ['h2', 'http/1.1'], asksCertificate: false } : shape,
    credentials: () => {
      credentials ??= drawCredentials(identity, host, isFront);
      return credentials;
    },
  };
}
