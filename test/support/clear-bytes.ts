/** What HTTP, SSH and DNS say, written out byte by byte. */
import { ascii, concat, fields } from './bytes.ts';

export const HTTP_REQUEST = ascii(
  'GET /secret?q=1 HTTP/1.1\r\nHost: pool.example:8080\r\nUser-Agent: miner/1.0\r\nUpgrade: websocket\r\n\r\n',
);
export const HTTP_RESPONSE = ascii('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');

/** The ten name-lists of a KEXINIT (RFC 4253 7.1). */
export const KEX_LISTS = [
  'curve25519-sha256,diffie-hellman-group14-sha1',
  'ssh-ed25519',
  'aes128-ctr',
  'aes256-ctr',
  'hmac-sha2-256',
  'hmac-sha1',
  'none',
  'zlib@openssh.com,none',
  '',
  '',
] as const;

/** A binary packet (RFC 4253 6) with a KEXINIT. */
export function kexInit(lists: readonly string[] = KEX_LISTS): Uint8Array {
  const names = lists.map((list) => concat(fields(false, [list.length, 4]), ascii(list)));
  return sshPacket(concat(Uint8Array.of(20), new Uint8Array(16).fill(7), ...names, fields(false, [0, 1], [0, 4])));
}

export function sshPacket(payload: Uint8Array): Uint8Array {
  const padding = 8;
  return concat(fields(false, [1 + payload.length + padding, 4], [padding, 1]), payload, new Uint8Array(padding));
}

/** A name without compression (RFC 1035 3.1). */
export function dnsName(name: string): Uint8Array {
  const labels = name.split('.').filter((label) => label !== '');
  return concat(...labels.map((label) => concat(Uint8Array.of(label.length), ascii(label))), Uint8Array.of(0));
}

export interface DnsRecord {
  /** Text, or the bytes of a pointer. */
  readonly name: string | Uint8Array;
  readonly type: number;
  readonly ttl?: number;
  readonly data: Uint8Array;
}

export interface DnsShape {
  readonly questions?: readonly (readonly [name: string, type: number])[];
  readonly answers?: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
  readonly response?: boolean;
  readonly rcode?: number;
}

export function dns({
  questions = [],
  answers = [],
  additional = [],
  response = false,
  rcode = 0,
}: DnsShape): Uint8Array {
  const flags = (response ? 0x8180 : 0x0100) | rcode;
  return concat(
    fields(false, [0x1234, 2], [flags, 2], [questions.length, 2], [answers.length, 2], [0, 2], [additional.length, 2]),
    ...questions.map(([name, type]) => concat(dnsName(name), fields(false, [type, 2], [1, 2]))),
    ...[...answers, ...additional].map(({ name, type, ttl = 60, data }) =>
      concat(
        typeof name === 'string' ? dnsName(name) : name,
        fields(false, [type, 2], [1, 2], [ttl, 4], [data.length, 2]),
        data,
      ),
    ),
  );
}

/** The pointer to the name of the first question. */
export const TO_QUESTION = Uint8Array.of(0xc0, 12);

/** A message over TCP (RFC 7766 8). */
export function overTcp(message: Uint8Array): Uint8Array {
  return concat(fields(false, [message.length, 2]), message);
}

/** Different heads of requests and responses. */
export const HTTP_REQUESTS: readonly Uint8Array[] = [
  HTTP_REQUEST,
  ascii(
    'CONNECT eu.pool.example:3333 HTTP/1.1\r\nHost: eu.pool.example:3333\r\nProxy-Connection: keep-alive\r\n\r\nafter',
  ),
  ascii('POST http://me:secret@a.example:81/path?x HTTP/1.0\nhost: b.example\nuser-AGENT:\tgetwork  \n\n'),
  ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
];
export const HTTP_RESPONSES: readonly Uint8Array[] = [
  HTTP_RESPONSE,
  ascii('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  ascii('HTTP/1.0 404 Not Found\n\n'),
];

/** Different messages: aliases, pointers, EDNS, texts, multicast. */
export const DNS_SEEDS: readonly Uint8Array[] = [
  dns({ questions: [['Pool.Example', 1]], additional: [{ name: '', type: 41, data: new Uint8Array(0) }] }),
  dns({
    questions: [['pool.example', 1]],
    answers: [
      { name: TO_QUESTION, type: 5, data: concat(Uint8Array.of(3), ascii('cdn'), TO_QUESTION) },
      { name: Uint8Array.of(0xc0, 42), type: 1, ttl: 300, data: Uint8Array.of(192, 0, 2, 7) },
      { name: Uint8Array.of(0xc0, 42), type: 28, data: concat(Uint8Array.of(0x20, 1), new Uint8Array(14)) },
    ],
    response: true,
  }),
  dns({
    questions: [['x.example', 16]],
    answers: [
      { name: TO_QUESTION, type: 16, data: ascii('\x05hello') },
      { name: TO_QUESTION, type: 15, data: concat(Uint8Array.of(0, 10), TO_QUESTION) },
      {
        name: TO_QUESTION,
        type: 65,
        data: concat(Uint8Array.of(0, 1), dnsName('svc.example'), Uint8Array.of(0, 1, 0, 3, 2, 0x68, 0x32)),
      },
    ],
    additional: [{ name: '', type: 41, ttl: 0x0100_0000, data: new Uint8Array(4) }],
    response: true,
  }),
  dns({
    answers: [
      { name: '_http._tcp.local', type: 12, data: dnsName('Günther.local') },
      { name: 'a.local', type: 33, data: concat(new Uint8Array(6), dnsName('b.local')) },
    ],
    response: true,
  }),
];
