/** Why others say something else of HTTP, SSH and DNS. A reason is given only where it is seen to hold. */
import { keyOf } from '../features/flow/oracle/conversation.ts';
import { addressText, ipPackets } from '../features/protocol/pcap-helper.ts';
import { sharedPath } from '../support/shared-data.ts';
import { twinMessage } from './dns-twin.ts';

const UDP = 17;
const ports = new Map<string, Map<string, string[]>>();

/** The names in all questions and answers of each flow of a capture, by the key of its ends. */
function namesIn(pcap: string): Map<string, string[]> {
  const known = ports.get(pcap);
  if (known !== undefined) return known;
  const names = new Map<string, string[]>();
  for (const { view, source, destination, protocol, at, end, isLaterFragment } of ipPackets(
    sharedPath(`oracle/ndpi/pcap/${pcap}`),
  )) {
    if (protocol !== UDP || isLaterFragment || end - at < 8) continue;
    const key = keyOf({
      protocol,
      from: addressText(source),
      fromPort: view.getUint16(at),
      to: addressText(destination),
      toPort: view.getUint16(at + 2),
    });
    const message = twinMessage(new Uint8Array(view.buffer, view.byteOffset + at + 8, end - at - 8));
    const all = names.get(key) ?? [];
    names.set(key, all);
    if (message !== null)
      all.push(...message.questions.map(({ name }) => name), ...message.answers.map(({ name }) => name));
  }
  ports.set(pcap, names);
  return names;
}

/** As nDPI prints a name: what is no letter, digit, dot or hyphen becomes `_` or `?`, one for each byte. */
export function masked(name: string): string {
  const plain = name
    .replace(/\\(\d{3})/g, '?')
    .replace(/\\x([0-9a-f]{2})/g, '?')
    .replace(/\\(.)/g, '$1');
  return [...Buffer.from(plain, 'utf8')]
    .map((byte) => String.fromCharCode(byte))
    .join('')
    .replace(/[^a-z0-9.-]/gi, '?');
}

export function explainNdpi(pcap: string, key: string, told: string): string | null {
  const theirs = masked(told);
  if (
    namesIn(pcap)
      .get(key)
      ?.some((name) => masked(name) === theirs)
  )
    return 'another question';
  return NDPI_ONES[`${pcap} ${key}`] ?? null;
}

/** Looked at one by one. */
const NDPI_ONES: Readonly<Record<string, string>> = {
  'dns-exf.pcap 17 192.168.2.134 53 192.168.2.225 45290': 'first letter',
  'fuzz-2006-06-26-2594.pcap 17 192.168.1.1 53 192.168.1.2 2763': 'no message',
  'fuzz-2006-06-26-2594.pcap 17 192.168.1.1 53 240.168.1.2 2792': 'no message',
  'fuzz-2006-06-26-2594.pcap 17 192.168.1.1 53 192.168.9.2 2774': 'no message',
  'fuzz-2006-06-26-2594.pcap 17 192.168.1.1 53 192.168.1.2 2813': 'no message',
  'fuzz-2006-09-29-28586.pcap 6 172.20.3.13 53132 172.20.3.5 80': 'zero byte',
  'fuzz-2006-09-29-28586.pcap 6 172.20.3.13 53136 172.20.3.5 80': 'no request',
};

export function explainArkime(name: string): string | null {
  return ARKIME_CAPTURES[name] ?? null;
}

const ARKIME_CAPTURES: Readonly<Record<string, string>> = {
  'sctp-www': 'SCTP',
  nflog: 'link type',
  'http2-nghttp2': 'HTTP/2',
};
