/**
 * Fingerprints against the answers of others, on their captures. Where an oracle differs, the definition decides, and
 * the difference is written down here by what it consists of, so that no other one can hide behind it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { ja3, ja3s } from '../../../features/fingerprint/ja3.ts';
import { ja4, ja4Raw } from '../../../features/fingerprint/ja4.ts';
import { dataPath, hasData } from '../protocol/pcap-helper.ts';
import { between, clientHellos, endpoint, serverHellos, type TlsFlow, tlsFlows } from '../protocol/tls-flows.ts';

const FOXIO = 'oracle/ja4';
const NDPI = 'oracle/ndpi';

describe.skipIf(!hasData(FOXIO))('FoxIO, who defined JA4', () => {
  test('agrees on the first ClientHello of every TCP flow, hashed and raw', () => {
    // JA4.2 is the second ClientHello after a HelloRetryRequest; a flow has the fingerprint of its first.
    let compared = 0;
    for (const file of readdirSync(dataPath(`${FOXIO}/expected`))) {
      const rows = JSON.parse(readFileSync(dataPath(`${FOXIO}/expected/${file}`), 'utf8')) as Record<string, string>[];
      const flows = tlsFlows(dataPath(`${FOXIO}/pcap/${file.replace(/\.json$/, '')}`));
      for (const row of rows) {
        const expected = row['JA4.1'];
        if (!expected?.startsWith('t')) continue;
        const from = endpoint(`${row['src']}:${row['srcport']}`);
        const hellos = clientHellos(between(flows, from, endpoint(`${row['dst']}:${row['dstport']}`)));
        expect(
          hellos.map((hello) => ja4(hello, nodeDigests)),
          `${file} ${from}`,
        ).toContain(expected);
        expect(hellos.map((hello) => ja4Raw(hello))).toContain(row['JA4_r.1']);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(130);
  });
});

interface NdpiRow {
  readonly pcap: string;
  readonly flows: readonly TlsFlow[];
  readonly ja3: string;
  readonly ja3s: string;
  readonly ja4: string;
  readonly name: string;
  readonly alpn: string;
}

/** The rows of nDPI's labels that have a TLS fingerprint and run over TCP. */
function ndpiRows(): NdpiRow[] {
  const lines = readFileSync(dataPath(`${NDPI}/flow_labels.csv`), 'utf8')
    .trim()
    .split('\n');
  const names = lines[0]!.split(',');
  const captures = new Map<string, TlsFlow[]>();
  const rows: NdpiRow[] = [];
  for (const line of lines.slice(1)) {
    const cells = line.split(',');
    const cell = (name: string) => cells[names.indexOf(name)]!.trim();
    if (cell('l4') !== 'TCP' || cell('ja3c') + cell('ja3s') + cell('ja4') === '') continue;
    // "[2600:1901::7a0b::]" is no address: two runs of zeros cannot be told apart.
    if (cell('server').includes('7a0b::]')) continue;
    const pcap = cell('pcap');
    const all = captures.get(pcap) ?? tlsFlows(dataPath(`${NDPI}/pcap/${pcap}`));
    captures.set(pcap, all);
    const flows = between(all, endpoint(cell('client')), endpoint(cell('server')));
    const name = cell('sni_or_host');
    rows.push({ pcap, flows, ja3: cell('ja3c'), ja3s: cell('ja3s'), ja4: cell('ja4'), name, alpn: cell('alpn') });
  }
  return rows;
}

/**
 * What nDPI's snapshot computes otherwise than the definition: it derives SNI 'd' or 'i' from the look of a host name,
 * not from the presence of the extension; it prints the first two characters of the ALPN value (`ht` for http/1.1) or
 * what it had seen of it; and it hashes an empty list instead of printing zeros.
 */
function isExplained(theirs: string, ours: string): boolean {
  const EMPTY_SHA256 = 'e3b0c44298fc';
  const masked = (text: string) => text.slice(0, 3) + text.slice(4, 8) + text.slice(10);
  return masked(theirs).replace(EMPTY_SHA256, '000000000000') === masked(ours);
}

describe.skipIf(!hasData(NDPI))('nDPI', () => {
  const rows = hasData(NDPI) ? ndpiRows() : [];

  test('has more than 500 TLS flows to compare', () => {
    expect(rows.length).toBeGreaterThan(500);
  });

  test('agrees on every JA3', () => {
    for (const row of rows.filter((row) => row.ja3 !== '')) {
      expect(
        clientHellos(row.flows).map((hello) => ja3(hello, nodeDigests)),
        row.pcap,
      ).toContain(row.ja3);
    }
  });

  test('agrees on every JA3S', () => {
    for (const row of rows.filter((row) => row.ja3s !== '')) {
      expect(
        serverHellos(row.flows).map((hello) => ja3s(hello, nodeDigests)),
        row.pcap,
      ).toContain(row.ja3s);
    }
  });

  test('agrees on JA4 but for its own shortcuts', () => {
    let equal = 0;
    for (const row of rows.filter((row) => row.ja4 !== '')) {
      const ours = clientHellos(row.flows).map((hello) => ja4(hello, nodeDigests));
      if (ours.includes(row.ja4)) equal++;
      else
        expect(ours.filter((text) => isExplained(row.ja4, text)).length, `${row.pcap} ${row.ja4}`).toBeGreaterThan(0);
    }
    expect(equal).toBeGreaterThan(380);
  });

  test('agrees on every name that is in a ClientHello', () => {
    // These two names are not: one is in the certificate, the other in the SMTP greeting.
    const elsewhere = new Set(['ja3_lots_of_cipher_suites_2_anon.pcap', 'smtp-starttls.pcap']);
    for (const row of rows.filter((row) => row.name !== '' && !elsewhere.has(row.pcap))) {
      expect(
        clientHellos(row.flows).map((hello) => hello.sni),
        row.pcap,
      ).toContain(row.name);
    }
  });

  test('agrees on every list of protocols', () => {
    for (const row of rows.filter((row) => row.alpn !== '')) {
      expect(
        clientHellos(row.flows).map((hello) => hello.alpn.join(';')),
        row.pcap,
      ).toContain(row.alpn);
    }
  });
});
