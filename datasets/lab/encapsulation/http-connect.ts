/** A tunnel through an HTTP proxy: CONNECT and its 200 in the clear (RFC 9110, section 9.3.6), then whatever is spoken through it. */
import type { Prng } from '../../../core/prng.ts';
import { letters } from '../dialogue/message.ts';
import { type Channel, type Flight, QUIET } from './channel.ts';

export interface HttpProxy {
  /** What the client asks for, `host:port`. */
  readonly target: string;
  /** User and password, empty if it asks for none. */
  readonly credentials: string;
  /** Clients ask without the credentials first, and again when the proxy has told them that it wants some (407). */
  readonly isAskedTwice: boolean;
  readonly answer: string;
}

/** Answers of proxies in use, from shortest to longest; Squid's and Apache's name themselves. */
const ANSWERS = [
  'HTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 200 Connection established\r\n\r\n',
  'HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy/1.11.1\r\n\r\n',
  'HTTP/1.1 200 Connection Established\r\nProxy-agent: Apache/2.4.62\r\n\r\n',
];
const AGENTS = [
  '',
  'User-Agent: curl/8.5.0\r\n',
  'User-Agent: Go-http-client/1.1\r\n',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0\r\n',
];

export function drawHttpProxy(prng: Prng, host: string, port: number): HttpProxy {
  return {
    target: `${host}:${port}`,
    credentials: prng.chance(0.35) ? `${letters(prng, prng.integer(4, 12))}:${letters(prng, prng.integer(8, 20))}` : '',
    isAskedTwice: prng.chance(0.4),
    answer: prng.pick(ANSWERS),
  };
}

const encoder = new TextEncoder();

const CHALLENGE =
  'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nProxy-Connection: keep-alive\r\nContent-Length: 0\r\n\r\n';

export function openHttpConnect(proxy: HttpProxy, prng: Prng): Channel {
  const { target, credentials, isAskedTwice, answer } = proxy;
  const host = prng.chance(0.9) ? `Host: ${target}\r\n` : ''; // HTTP/1.0 habits: no Host
  const authorization = credentials
    ? `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`
    : '';
  const rest = `${prng.pick(AGENTS)}${prng.chance(0.5) ? 'Proxy-Connection: Keep-Alive\r\n' : ''}\r\n`;
  const request = (fields: string) => `CONNECT ${target} HTTP/1.1\r\n${host}${fields}${rest}`;
  const handshake: Flight[] = [];
  const add = (from: Flight['from'], text: string, thinkUs = 0) =>
    handshake.push({ from, bytes: encoder.encode(text), after: handshake.length - 1, thinkUs });
  if (credentials && isAskedTwice) {
    add('client', request(''));
    add('server', CHALLENGE);
  }
  add('client', request(authorization));
  add('server', answer, connectOnwardUs(prng));
  const last = handshake.length - 1;
  return { ...QUIET, handshake, readyAfter: { client: last, server: last }, seal: (_from, bytes) => bytes };
}

/** A proxy looks the name up and connects to it before it answers: a round trip or three of some 30 ms; chosen. */
export function connectOnwardUs(prng: Prng): number {
  return Math.min(1_500_000, prng.logNormal(45_000, 0.7));
}
