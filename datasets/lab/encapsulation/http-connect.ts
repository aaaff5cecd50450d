/** A tunnel through an HTTP proxy: CONNECT and its 200 in the clear (RFC 9110, section 9.3.6), then whatever is spoken through it. */
import type { Prng } from '../../../core/prng.ts';
import { letters } from '../dialogue/message.ts';
import { type Channel, QUIET } from './channel.ts';

export interface HttpProxy {
  /** What the client asks for, `host:port`. */
  readonly target: string;
  /** User and password, empty if it asks for none. */
  readonly credentials: string;
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
    answer: prng.pick(ANSWERS),
  };
}

const encoder = new TextEncoder();

export function openHttpConnect(proxy: HttpProxy, prng: Prng): Channel {
  const { target, credentials, answer } = proxy;
  const host = prng.chance(0.9) ? `Host: ${target}\r\n` : ''; // HTTP/1.0 habits: no Host
  const authorization = credentials
    ? `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`
    : '';
  const keep = prng.chance(0.5) ? 'Proxy-Connection: Keep-Alive\r\n' : '';
  const request = `CONNECT ${target} HTTP/1.1\r\n${host}${prng.pick(AGENTS)}${authorization}${keep}\r\n`;
  return {
    ...QUIET,
    handshake: [
      { from: 'client', bytes: encoder.encode(request), after: -1, thinkUs: 0 },
      { from: 'server', bytes: encoder.encode(answer), after: 0, thinkUs: connectOnwardUs(prng) },
    ],
    readyAfter: { client: 1, server: 1 },
    seal: (_from, bytes) => bytes,
  };
}

/** A proxy looks the name up and connects to it before it answers: a round trip or three of some 30 ms; chosen. */
export function connectOnwardUs(prng: Prng): number {
  return Math.min(1_500_000, prng.logNormal(45_000, 0.7));
}
