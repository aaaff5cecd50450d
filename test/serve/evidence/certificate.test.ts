import { describe, expect, test } from 'vitest';
import { CertificateClusters, subjectShape } from '../../../serve/evidence/certificate/clusters.ts';
import { CertificateFinder } from '../../../serve/evidence/certificate/finder.ts';
import { shippedNameJudge } from '../../../serve/evidence/shipped.ts';
import { findingsOf, flowTable, weightOf } from './rows.ts';

const judge = shippedNameJudge();

const DAY = 86_400;
const ISSUED = 1_700_000_000;
/** What openssl makes by default: self-signed, for a year, with a random serial number. */
const OWN = {
  capture: 'a.pcap',
  dst_ip: '198.51.100.7',
  dst_port: 443,
  last_seen: '2023-12-01T00:00:00.000000000Z',
  cert_sha256: 'aa',
  cert_self_signed: true,
  cert_subject_cn: 'server',
  cert_issuer_cn: 'server',
  cert_serial: '5d7a',
  cert_not_before: ISSUED,
  cert_not_after: ISSUED + 365 * DAY,
  cert_dns_names: [],
};
/** What xmrig-proxy makes for itself. */
const PROXY = { ...OWN, cert_subject_cn: 'localhost', cert_serial: '01', cert_not_after: ISSUED + 3650 * DAY };
const sentences = (cells: Record<string, unknown>) =>
  findingsOf(new CertificateFinder(judge), cells).map(({ finding }) => finding);

describe('a certificate by itself', () => {
  test('of an authority, in its time and of usual length, says nothing', () => {
    expect(sentences({ ...OWN, cert_self_signed: false, cert_issuer_cn: 'R3' })).toEqual([]);
    expect(sentences({ ...OWN, cert_sha256: null })).toEqual([]);
  });

  test('that is self-signed says a little', () => {
    expect(findingsOf(new CertificateFinder(judge), OWN)).toEqual([
      { source: 'certificate', finding: 'Its certificate for server is self-signed.', weight: 0.3 },
    ]);
  });

  test('as xmrig-proxy makes one says more; one fact otherwise, and it is any self-signed one', () => {
    expect(findingsOf(new CertificateFinder(judge), PROXY)).toMatchObject([{ weight: 1.5 }]);
    for (const other of [
      { cert_serial: '02' },
      { cert_serial: null },
      { cert_subject_cn: 'server' },
      { cert_not_after: ISSUED + 3651 * DAY },
      { cert_dns_names: ['localhost'] },
      { cert_subject_org: 'Example' },
      { cert_self_signed: false },
    ]) {
      expect(sentences({ ...PROXY, ...other }).join(), JSON.stringify(other)).not.toContain('xmrig-proxy');
    }
  });

  test.each([
    [{ cert_not_after: ISSUED + 9000 * DAY }, 'Its certificate is valid for 25 years.'],
    [{ cert_not_after: ISSUED + DAY, last_seen: null }, 'Its certificate is valid for 1.0 days.'],
    [{ cert_not_after: ISSUED - DAY, last_seen: null }, 'Its certificate is valid for less than no days.'],
    [{ last_seen: '2020-01-01T00:00:00.000000000Z' }, 'Its certificate was not valid when the flow was seen.'],
    [{ last_seen: '2030-01-01T00:00:00.000000000Z' }, 'Its certificate was not valid when the flow was seen.'],
    [
      { cert_subject_cn: 'www.qxzvkwjhrtpl.com' },
      "Its certificate's subject www.qxzvkwjhrtpl.com looks made up by a program.",
    ],
    [{ cert_subject_org: 'xkqjwvzpthgd' }, "Its certificate's subject xkqjwvzpthgd looks made up by a program."],
    [{ cert_subject_cn: 'a\u001b[31m' }, 'Its certificate for a\\u{1b}[31m is self-signed.'],
  ])('%j: %s', (cells, sentence) => expect(sentences({ ...OWN, ...cells })).toContain(sentence));

  test('a serial number as a name is meant to be a number', () => {
    expect(sentences({ ...OWN, cert_subject_cn: '813845657003339838' }).join()).not.toContain('made up');
  });

  test('weighs less in a network of one’s own, where appliances sign for themselves', () => {
    const [outside, inside] = ['198.51.100.7', '192.168.1.1'].map((dst_ip) =>
      weightOf(findingsOf(new CertificateFinder(judge), { ...OWN, dst_ip })),
    );
    expect([outside, inside]).toEqual([0.3, 0.12]);
  });

  test('weighs 2 at the most, whatever is found', () => {
    const finder = new CertificateFinder(judge);
    const row = (i: number) => ({
      ...PROXY,
      dst_ip: `198.51.100.${i}`,
      sni: `h${i}.example.org`,
      cert_subject_org: null,
      last_seen: '2050-01-01T00:00:00.000000000Z',
    });
    const weights = [1, 2, 3, 4].map((i) => weightOf(findingsOf(finder, row(i))));
    expect(weights[0]).toBeCloseTo(1.7, 3);
    expect(weights[3]).toBeCloseTo(2, 2);
  });
});

describe('certificates of a capture', () => {
  const at = (i: number, more: Record<string, unknown> = {}) => ({ ...OWN, dst_ip: `198.51.100.${i}`, ...more });
  const all = (rows: readonly Record<string, unknown>[], finder = new CertificateFinder(judge)) => {
    const table = flowTable(...rows);
    return rows.map((_, row) =>
      finder
        .find(table, row)
        .map(({ finding }) => finding)
        .join(' '),
    );
  };

  test('the same self-signed one at three servers is said from the third on', () => {
    const said = all([at(1), at(2), at(2), at(3)]);
    expect(said.map((text) => text.includes('shown by'))).toEqual([false, false, false, true]);
    expect(said[3]).toContain('The same self-signed certificate was shown by 3 servers so far.');
  });

  test('one of an authority may lie anywhere', () => {
    expect(all([1, 2, 3, 4].map((i) => at(i, { cert_self_signed: false }))).join('')).toBe('');
  });

  test('for many names, and others with subjects of the same shape', () => {
    const names = all(['a', 'b', 'c'].map((name) => ({ ...OWN, sni: `${name}.example.org` })));
    expect(names[2]).toContain('was shown for 3 names so far');
    const shapes = all(
      ['ab12', 'xy77', 'qq01'].map((cert_subject_cn) => ({ ...OWN, cert_subject_cn, cert_sha256: cert_subject_cn })),
    );
    expect(shapes[2]).toContain('3 self-signed certificates so far have subjects of the same shape.');
    expect(subjectShape(['ab-12', null])).toBe('aa-00|');
  });

  test('a row shown twice, and rows in one table or in many, give the same', () => {
    const rows = [at(1), at(2), at(3), at(4)];
    const finder = new CertificateFinder(judge);
    const oneByOne = rows.map((row) => {
      findingsOf(finder, row);
      return findingsOf(finder, row)
        .map(({ finding }) => finding)
        .join(' ');
    });
    expect(oneByOne).toEqual(all(rows));
  });

  test('each capture stands alone', () => {
    const said = all([at(1), at(2), at(3, { capture: 'b.pcap' })]);
    expect(said[2]).not.toContain('shown by');
  });

  test('what is remembered is bounded, and what is forgotten is counted', () => {
    const clusters = new CertificateClusters(2);
    for (const certificate of ['a', 'b', 'c']) clusters.add('x', certificate, 'shape', 's', null);
    expect(clusters.forgotten).toBe(1);
    expect(clusters.add('x', 'c', 'shape', 't', null).servers).toBe(2);
    expect(clusters.add('x', 'a', 'shape', 't', null).servers).toBe(1);
    for (let i = 0; i < 100; i++) clusters.add('x', 'a', 'shape', `s${i}`, null);
    expect(clusters.add('x', 'a', 'shape', 'one more', null).servers).toBe(16);
  });
});
