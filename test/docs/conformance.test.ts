/**
 * Recounts the figures of docs/conformance.md. What counts as explained is written down in oracle.test.ts for fingerprints
 * and in test/oracle for flows.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../features/digests-node.ts';
import { communityId } from '../../features/fingerprint/community-id.ts';
import { ja3, ja3s } from '../../features/fingerprint/ja3.ts';
import { ja4, ja4Original, ja4OriginalRaw, ja4Raw } from '../../features/fingerprint/ja4.ts';
import { addressBytes, dataPath, hasData } from '../features/protocol/pcap-helper.ts';
import {
  between,
  clientHellos,
  endpoint,
  repeatedClientHellos,
  serverHellos,
  type TlsFlow,
  tlsFlows,
} from '../features/protocol/tls-flows.ts';
import { compareArkime } from '../oracle/arkime-compare.ts';
import { compareArkimeClear, compareNdpiNames, compareZeekServices } from '../oracle/clear-compare.ts';
import { compareCommunityIds } from '../oracle/community-rows.ts';
import { compareProbe } from '../oracle/ipfixprobe-compare.ts';
import { compareProbeMessages } from '../oracle/ipfixprobe-messages.ts';
import { compareNdpi, compareOthers, compareZeekQuic } from '../oracle/quic-compare.ts';
import { compareArkimeTls, compareSuricataTls, compareZeekTls } from '../oracle/tls-compare.ts';
import { compareZeek } from '../oracle/zeek-compare.ts';

const page = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');

/** The page has a row `| what | equal | compared |`. */
function expectFigures(what: string, equal: number, compared: number): void {
  console.log(`${what}: ${equal} of ${compared}`);
  expect(page).toContain(`| ${what} | ${equal} | ${compared} |`);
}

describe.skipIf(!hasData('oracle/ja4'))('FoxIO', () => {
  test('JA4', () => {
    let compared = 0;
    let equal = 0;
    for (const file of readdirSync(dataPath('oracle/ja4/expected'))) {
      const text = readFileSync(dataPath(`oracle/ja4/expected/${file}`), 'utf8');
      const flows = tlsFlows(dataPath(`oracle/ja4/pcap/${file.replace(/\.json$/, '')}`));
      for (const row of JSON.parse(text) as Record<string, string>[]) {
        if (!row['JA4.1']?.startsWith('t')) continue;
        const ends = [
          endpoint(`${row['src']}:${row['srcport']}`),
          endpoint(`${row['dst']}:${row['dstport']}`),
        ] as const;
        const hellos = clientHellos(between(flows, ...ends));
        compared++;
        if (hellos.some((hello) => ja4(hello, nodeDigests) === row['JA4.1'] && ja4Raw(hello) === row['JA4_r.1']))
          equal++;
      }
    }
    expectFigures('FoxIO: JA4 over TCP', equal, compared);
  });

  test('JA4 of every ClientHello and its variants', () => {
    let compared = 0;
    let equal = 0;
    for (const file of readdirSync(dataPath('oracle/ja4/expected'))) {
      const rows = JSON.parse(readFileSync(dataPath(`oracle/ja4/expected/${file}`), 'utf8')) as Record<
        string,
        string
      >[];
      const hellos = repeatedClientHellos(dataPath(`oracle/ja4/pcap/${file.replace(/\.json$/, '')}`));
      for (const row of rows) {
        const from = endpoint(`${row['src']}:${row['srcport']}`);
        const sent = hellos.get(`${from} ${endpoint(`${row['dst']}:${row['dstport']}`)}`) ?? [];
        for (const number of [1, 2]) {
          if (row[`JA4.${number}`] === undefined) continue;
          compared++;
          const matches = sent.some(
            (hello) =>
              ja4(hello, nodeDigests) === row[`JA4.${number}`] &&
              ja4Raw(hello) === row[`JA4_r.${number}`] &&
              ja4Original(hello, nodeDigests) === row[`JA4_o.${number}`] &&
              ja4OriginalRaw(hello) === row[`JA4_ro.${number}`],
          );
          if (matches) equal++;
        }
      }
    }
    expectFigures('FoxIO: JA4, JA4_r, JA4_o and JA4_ro of every ClientHello', equal, compared);
  });
});

interface NdpiRow {
  readonly cell: (name: string) => string;
  readonly flows: readonly TlsFlow[];
}

/** The rows of nDPI's labels that have a TLS fingerprint and run over TCP. */
function ndpiRows(): NdpiRow[] {
  const [head, ...lines] = readFileSync(dataPath('oracle/ndpi/flow_labels.csv'), 'utf8').trim().split('\n');
  const names = head!.split(',');
  const captures = new Map<string, TlsFlow[]>();
  return lines.flatMap((line) => {
    const cells = line.split(',');
    const cell = (name: string) => cells[names.indexOf(name)]!.trim();
    if (cell('l4') !== 'TCP' || cell('ja3c') + cell('ja3s') + cell('ja4') === '') return [];
    // "[2600:1901::7a0b::]" is no address: two runs of zeros cannot be told apart.
    if (cell('server').includes('7a0b::]')) return [];
    const all = captures.get(cell('pcap')) ?? tlsFlows(dataPath(`oracle/ndpi/pcap/${cell('pcap')}`));
    captures.set(cell('pcap'), all);
    return [{ cell, flows: between(all, endpoint(cell('client')), endpoint(cell('server'))) }];
  });
}

describe.skipIf(!hasData('oracle/ndpi'))('nDPI', () => {
  const rows = hasData('oracle/ndpi') ? ndpiRows() : [];

  test.each<[string, string, (flows: readonly TlsFlow[]) => (string | null)[]]>([
    ['JA3', 'ja3c', (flows) => clientHellos(flows).map((hello) => ja3(hello, nodeDigests))],
    ['JA3S', 'ja3s', (flows) => serverHellos(flows).map((hello) => ja3s(hello, nodeDigests))],
    ['JA4', 'ja4', (flows) => clientHellos(flows).map((hello) => ja4(hello, nodeDigests))],
    ['SNI', 'sni_or_host', (flows) => clientHellos(flows).map(({ sni }) => sni)],
    ['ALPN', 'alpn', (flows) => clientHellos(flows).map(({ alpn }) => alpn.join(';'))],
  ])('%s', (what, column, ours) => {
    const told = rows.filter(({ cell }) => cell(column) !== '');
    const equal = told.filter(({ cell, flows }) => ours(flows).includes(cell(column)));
    expectFigures(`nDPI: ${what}`, equal.length, told.length);
  });
});

describe.skipIf(!hasData('oracle/arkime'))('Arkime', () => {
  test('Community ID', () => {
    let compared = 0;
    let equal = 0;
    for (const file of readdirSync(dataPath('oracle/arkime')).filter((name) => name.endsWith('.test'))) {
      const name = file.replace(/\.test$/, '');
      if (![`${name}.pcap`, `${name}.pcapng`].some((each) => existsSync(dataPath(`oracle/arkime/${each}`)))) continue;
      const { sessions3 = [] } = JSON.parse(readFileSync(dataPath(`oracle/arkime/${file}`), 'utf8'));
      for (const { body } of sessions3) {
        const { source, destination, ipProtocol, network } = body;
        if (network.community_id === undefined || ![6, 17, 132].includes(ipProtocol)) continue;
        const addresses = [addressBytes(source.ip), addressBytes(destination.ip)] as const;
        compared++;
        if (communityId(...addresses, source.port, destination.port, ipProtocol, nodeDigests) === network.community_id)
          equal++;
      }
    }
    expectFigures('Arkime: Community ID of TCP, UDP and SCTP sessions', equal, compared);
  });
});

describe.skipIf(!hasData('oracle'))('Rows', () => {
  test.each([
    ['Arkime', compareArkime],
    ['Zeek', compareZeek],
    ['ipfixprobe', compareProbe],
    ['ipfixprobe, of messages', compareProbeMessages],
    ['Community ID', compareCommunityIds],
    ['Zeek TLS', compareZeekTls],
    ['Arkime TLS', compareArkimeTls],
    ['Suricata TLS', compareSuricataTls],
    ['nDPI over UDP', compareNdpi],
    ['Zeek QUIC', compareZeekQuic],
    ['Others over UDP', compareOthers],
    ['nDPI, in the clear', compareNdpiNames],
    ['Arkime, in the clear', compareArkimeClear],
    ['Zeek, in the clear', compareZeekServices],
  ])('%s', (oracle, compare) => {
    const tally = compare();
    const rows = tally.rows(oracle);
    console.log(rows.join('\n'));
    for (const row of rows) expect(page).toContain(`${row}\n`);
    // No row is left over from a comparison that is no more.
    expect(page.split('\n').filter((line) => line.startsWith(`| ${oracle}: `) && line.split('|').length === 6)).toEqual(
      rows,
    );
    for (const { reason } of tally.differences) if (reason !== null) expect(page).toContain(`- **${reason}**`);
  });
});
