/**
 * WebSocket (RFC 6455) as a carrier: an HTTP/1.1 upgrade, then every message in one frame, masked on the way up. Browsers send
 * long heads and programs short ones; a content delivery network adds its own fields to the answer. Pings come from whichever
 * end was told to keep the connection open.
 */
import { createHash } from 'node:crypto';
import type { Prng } from '../../../core/prng.ts';
import { letters, SECOND_US, type Side, uuid } from '../dialogue/message.ts';
import { frameOf, Opcode } from '../dialogue/websocket.ts';
import { type Channel, opposite, QUIET } from './channel.ts';

/** What is the same in all sessions with one site. */
export interface WebSocketSite {
  readonly host: string;
  readonly path: string;
  /** Fields the front or server adds to its 101, line ends included. */
  readonly answerFields: string;
  /** 0: nobody pings. */
  readonly pingUs: number;
  readonly pingFrom: Side;
  readonly pingBytes: number;
  /** Subprotocol both agree on, empty if none. */
  readonly protocol: string;
}

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
];
const PROGRAMS = ['', 'User-Agent: Go-http-client/1.1\r\n', 'User-Agent: Python/3.12 websockets/14.2\r\n'];

export function drawWebSocketSite(prng: Prng, host: string, isFront: boolean): WebSocketSite {
  return {
    host,
    path: prng.pick(['/', '/ws', '/socket', '/proxy', '/api/v1/stream', `/s/${letters(prng, 12)}`]),
    answerFields: isFront
      ? frontFields(prng)
      : prng.pick(['', 'Server: nginx\r\n', `Server: nginx/1.24.0\r\n${date()}`]),
    // Defaults of common servers and libraries: 20 s (websockets for Python), 25 s (engine.io), 30 s, 54 s (gorilla's example).
    pingUs: prng.pick([0, 0, 0, 20, 25, 30, 54]) * SECOND_US,
    pingFrom: prng.chance(0.75) ? 'server' : 'client',
    pingBytes: prng.pick([0, 0, 4, 8]),
    protocol: prng.chance(0.15) ? prng.pick(['v1.json', 'mqtt', 'binary', 'chat']) : '',
  };
}

const date = () => 'Date: Tue, 04 Mar 2025 10:00:00 GMT\r\n';

/** What the large networks add: a request number, where to report failures, which protocols there are besides. */
function frontFields(prng: Prng): string {
  const fields = [
    date(),
    'Server: edge\r\n',
    `X-Request-Ray: ${prng.hex(16)}-${prng.pick(['FRA', 'AMS', 'SIN', 'IAD'])}\r\n`,
  ];
  if (prng.chance(0.6)) fields.push('X-Cache-Status: DYNAMIC\r\n');
  if (prng.chance(0.5)) {
    const url = `https://report.edge.example/v4?s=${letters(prng, prng.integer(120, 180))}`;
    fields.push(`Report-To: {"endpoints":[{"url":"${url}"}],"group":"nel","max_age":604800}\r\n`);
    fields.push('NEL: {"success_fraction":0,"report_to":"nel","max_age":604800}\r\n');
  }
  if (prng.chance(0.5)) fields.push('Alt-Svc: h3=":443"; ma=86400\r\n');
  if (prng.chance(0.4)) fields.push('Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n');
  return fields.join('');
}

/** Appended to the key before it is hashed (RFC 6455 1.3). */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function upgradeRequest(prng: Prng, site: WebSocketSite, key: string): string {
  const head = `GET ${site.path} HTTP/1.1\r\nHost: ${site.host}\r\nConnection: Upgrade\r\n`;
  const protocol = site.protocol ? `Sec-WebSocket-Protocol: ${site.protocol}\r\n` : '';
  const needed = `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${protocol}`;
  if (prng.chance(0.5)) return `${head}${prng.pick(PROGRAMS)}${needed}\r\n`;
  const cookie = prng.chance(0.5) ? `Cookie: sid=${letters(prng, prng.integer(24, 200))}; v=${uuid(prng)}\r\n` : '';
  return `${head}Pragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: ${prng.pick(AGENTS)}\r\nOrigin: https://${site.host}\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n${cookie}Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n${needed}\r\n`;
}

const encoder = new TextEncoder();
/** Status 1000, normal closure (RFC 6455 7.4.1). */
const NORMAL_CLOSURE = Uint8Array.of(0x03, 0xe8);

export function openWebSocket(site: WebSocketSite, prng: Prng): Channel {
  const key = Buffer.from(prng.bytes(new Uint8Array(16))).toString('base64');
  const accept = createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
  const protocol = site.protocol ? `Sec-WebSocket-Protocol: ${site.protocol}\r\n` : '';
  const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol}${site.answerFields}\r\n`;
  const opcode = site.protocol === 'mqtt' || site.protocol === 'binary' ? Opcode.Binary : Opcode.Text;
  const masks = prng.fork('masks');
  const framed = (from: Side, code: Opcode, payload: Uint8Array) =>
    frameOf(code, payload, from === 'client' ? masks : null);
  const mark = prng.bytes(new Uint8Array(site.pingBytes));
  const pings = {
    from: site.pingFrom,
    everyUs: site.pingUs,
    whenIdle: false,
    ping: () => framed(site.pingFrom, Opcode.Ping, mark),
    pong: () => framed(opposite(site.pingFrom), Opcode.Pong, mark),
  };
  return {
    ...QUIET,
    handshake: [
      {
        from: 'client',
        bytes: encoder.encode(upgradeRequest(prng, site, key)),
        after: -1,
        thinkUs: prng.integer(100, 4_000),
      },
      // A front asks the server behind it before it says yes: log-normal, chosen.
      {
        from: 'server',
        bytes: encoder.encode(answer),
        after: 0,
        thinkUs: Math.min(300_000, prng.logNormal(6_000, 0.9)),
      },
    ],
    readyAfter: { client: 1, server: 1 },
    keepAlives: site.pingUs > 0 ? [pings] : [],
    seal: (from, bytes) => framed(from, opcode, bytes),
    farewell: async (from) =>
      [from, opposite(from)].map((side) => ({ from: side, bytes: framed(side, Opcode.Close, NORMAL_CLOSURE) })),
  };
}
