/** A conversation of each protocol that is read, as it comes when nothing is wrong with it. */
import { clientBody, record as dtlsRecord, fragment, SERVER_BODY } from '../features/protocol/dtls/dtls-bytes.ts';
import { chlo, publicPacket } from '../features/protocol/quic/google-bytes.ts';
import { crypto, initial } from '../features/protocol/quic/quic-bytes.ts';
import { CLIENT_HELLO, message, record, SERVER_HELLO, SERVER_HELLO_12 } from '../features/protocol/tls/hello-bytes.ts';
import { ascii, concat, hex } from '../support/bytes.ts';
import { DNS_SEEDS, HTTP_REQUESTS, HTTP_RESPONSES, kexInit, overTcp } from '../support/clear-bytes.ts';
import { Flag, tcp, udp } from '../support/frames.ts';

export interface Conversation {
  readonly name: string;
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** What is said, by the client (0) or the server (1). */
  readonly said: readonly (readonly [0 | 1, Uint8Array])[];
  /** Columns that its row has. */
  readonly columns: readonly string[];
}

const DCID = hex('8394c8f03e515708');
const ID = hex('c0ffee');
const SERVER_ID = hex('f067a5502a4262b5');
const COOKIE = hex('00112233445566778899');
const HELLO = message(1, CLIENT_HELLO);

export const CONVERSATIONS: readonly Conversation[] = [
  {
    name: 'TLS 1.3',
    transport: 'tcp',
    port: 443,
    said: [
      [0, record(22, HELLO)],
      [1, concat(record(22, message(2, SERVER_HELLO)), record(20, hex('01')), record(23, new Uint8Array(40)))],
    ],
    columns: ['sni', 'ja3', 'ja3s', 'ja4'],
  },
  {
    name: 'TLS 1.2 in pieces',
    transport: 'tcp',
    port: 8443,
    said: [
      [0, record(22, HELLO).slice(0, 50)],
      [0, record(22, HELLO).slice(50)],
      [1, record(22, concat(message(2, SERVER_HELLO_12), message(11, hex('000006 000003 300100'))))],
    ],
    columns: ['sni', 'ja3s'],
  },
  {
    name: 'QUIC',
    transport: 'udp',
    port: 443,
    said: [
      [0, initial({ keyDcid: DCID, scid: ID, frames: crypto(0, HELLO), padTo: 1180 })],
      [
        1,
        initial({
          who: 'server',
          keyDcid: DCID,
          dcid: ID,
          scid: SERVER_ID,
          frames: crypto(0, message(2, SERVER_HELLO)),
        }),
      ],
    ],
    columns: ['sni', 'quic_version'],
  },
  {
    name: "Google's QUIC",
    transport: 'udp',
    port: 443,
    said: [[0, publicPacket('Q043', chlo({ SNI: 'a.example', UAID: 'x' }))]],
    columns: ['sni', 'quic_version'],
  },
  {
    name: 'DTLS',
    transport: 'udp',
    port: 4433,
    said: [
      [0, dtlsRecord(22, fragment(1, 0, clientBody(new Uint8Array(0))))],
      [1, dtlsRecord(22, fragment(3, 0, concat(hex('feff0a'), COOKIE)))],
      [0, dtlsRecord(22, fragment(1, 1, clientBody(COOKIE), 0, 100))],
      [0, dtlsRecord(22, fragment(1, 1, clientBody(COOKIE), 100))],
      [1, dtlsRecord(22, fragment(2, 1, SERVER_BODY))],
    ],
    columns: ['sni', 'dtls_hello_verify'],
  },
  ...HTTP_REQUESTS.map((request, i): Conversation => {
    const response = HTTP_RESPONSES[i % HTTP_RESPONSES.length]!;
    return {
      name: `HTTP ${i}`,
      transport: 'tcp',
      port: 8080,
      said: [
        [0, request.slice(0, 20 * i)],
        [0, request.slice(20 * i)],
        [1, response],
      ],
      columns: ['http_method', 'http_requests', 'http_status'],
    };
  }),
  {
    name: 'HTTP behind SOCKS',
    transport: 'tcp',
    port: 1080,
    said: [
      [0, hex('050100')],
      [1, hex('0500')],
      [0, hex('050100010102030400 50')],
      [1, hex('05000001000000000000')],
      [0, HTTP_REQUESTS[0]!],
      [1, HTTP_RESPONSES[0]!],
    ],
    columns: ['http_method', 'http_status'],
  },
  {
    name: 'SSH',
    transport: 'tcp',
    port: 22,
    said: [
      [1, ascii('SSH-2.0-server\r\n')],
      [0, ascii('SSH-2.0-client\r\n')],
      [0, kexInit().slice(0, 100)],
      [0, kexInit().slice(100)],
      [1, kexInit()],
    ],
    columns: ['ssh_client', 'ssh_server', 'hassh', 'hassh_server'],
  },
  ...DNS_SEEDS.map(
    (seed, i): Conversation => ({
      name: `DNS ${i}`,
      transport: 'udp',
      port: i === 3 ? 5353 : 53,
      said: [[i === 0 ? 0 : 1, seed]],
      columns: ['dns_query', 'dns_queries'],
    }),
  ),
  {
    name: 'DNS over TCP',
    transport: 'tcp',
    port: 53,
    said: [
      [0, overTcp(DNS_SEEDS[0]!)],
      [1, overTcp(DNS_SEEDS[1]!).slice(0, 30)],
      [1, overTcp(DNS_SEEDS[1]!).slice(30)],
    ],
    columns: ['dns_query', 'dns_rcode', 'dns_answers'],
  },
];

/** The frames of a conversation. */
export function conversationFrames({ transport, port, said }: Conversation): Uint8Array[] {
  const ends = ['10.0.0.1:40000', `192.0.2.7:${port}`] as const;
  const spoken = said.filter(([, bytes]) => bytes.length > 0);
  if (transport === 'udp') return spoken.map(([side, bytes]) => udp(ends[side], ends[1 - side]!, bytes));
  const next: [number, number] = [10, 0xffff_fff0];
  const data = spoken.map(([side, bytes]) => {
    const seq = next[side];
    next[side] = (seq + bytes.length) >>> 0;
    return tcp({ from: ends[side], to: ends[1 - side]!, seq, payload: bytes });
  });
  return [
    tcp({ from: ends[0], to: ends[1], flags: Flag.SYN, seq: 9 }),
    tcp({ from: ends[1], to: ends[0], flags: Flag.SYN | Flag.ACK, seq: 0xffff_ffef, ack: 10 }),
    ...data,
  ];
}

/** What is said in all of them, by transport. */
export const SAID = {
  tcp: CONVERSATIONS.filter(({ transport }) => transport === 'tcp').flatMap(({ said }) =>
    said.map(([, bytes]) => bytes),
  ),
  udp: CONVERSATIONS.filter(({ transport }) => transport === 'udp').flatMap(({ said }) =>
    said.map(([, bytes]) => bytes),
  ),
} as const;
