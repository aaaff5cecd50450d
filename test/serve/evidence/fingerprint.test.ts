import { describe, expect, test } from 'vitest';
import { FingerprintFinder } from '../../../serve/evidence/fingerprint/finder.ts';
import { BARE_CIPHERS, BARE_LIBRARIES } from '../../../serve/evidence/fingerprint/libraries.ts';
import { findingsOf, flowTable } from './rows.ts';

const finder = new FingerprintFinder();
/** Five minutes of a message of 150 bytes every ten seconds each way. */
const THIN = {
  ja4: 't13i311000_e8f1e7e78f70_d41ae481755e',
  dst_port: 443,
  duration_us: 300e6,
  fwd_payload_packets: 30,
  bwd_payload_packets: 30,
  fwd_payload_bytes: 4500,
  bwd_payload_bytes: 4500,
};
const weight = (cells: Record<string, unknown>) =>
  findingsOf(finder, { ...THIN, ...cells }).map((finding) => finding.weight);

test('a bare library on a long thin flow is a hint, with the library named', () => {
  expect(findingsOf(finder, THIN)).toEqual([
    {
      source: 'fingerprint',
      finding:
        'The hello (JA4 t13i311000_e8f1e7e78f70_d41ae481755e) is that of OpenSSL 3.0 as it comes: it asks for neither a server name nor an application protocol, on a long thin flow.',
      weight: 1.3,
    },
  ]);
});

describe('it weighs', () => {
  test.each([
    ['less where only the ciphers are known', { ja4: 't13i310900_e8f1e7e78f70_000000000000' }, [1.1]],
    ['less still where nothing is', { ja4: 't12i050500_0123456789ab_0123456789ab' }, [0.8]],
    ['next to nothing where a server name is asked for', { ja4: 't13d311000_e8f1e7e78f70_d41ae481755e' }, [0.2]],
    ['nothing where a protocol is', { ja4: 't13i3111h2_e8f1e7e78f70_d41ae481755e' }, []],
    ['nothing over QUIC', { ja4: 'q13i311000_e8f1e7e78f70_d41ae481755e' }, []],
    ['nothing without a hello', { ja4: null }, []],
    ['nothing on a short flow', { duration_us: 59e6 }, []],
    ['nothing on a busy flow', { fwd_payload_packets: 600 }, []],
    ['nothing on a fat flow', { bwd_payload_bytes: 1e6 }, []],
    ['nothing on an idle flow', { fwd_payload_packets: 3, bwd_payload_packets: 3 }, []],
    ['nothing where nobody sends either: mail', { dst_port: 993 }, []],
    ['nothing after STARTTLS', { tls_upgraded_from: 'smtp' }, []],
    ['as much behind a proxy', { tls_upgraded_from: 'socks5' }, [1.3]],
    ['nothing where the columns are not there', { duration_us: null }, []],
  ])('%s', (_, cells, expected) => expect(weight(cells)).toEqual(expected));
});

test('a prior, never a verdict: 1.5 at the most', () => {
  for (const ja4 of BARE_LIBRARIES.keys()) expect(weight({ ja4 })[0]).toBeLessThanOrEqual(1.5);
});

test('the table holds hellos without name and protocol, and their ciphers', () => {
  for (const ja4 of BARE_LIBRARIES.keys()) {
    expect(ja4).toMatch(/^t1[23]i\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/);
    expect([...BARE_CIPHERS.keys()]).toContain(ja4.split('_')[1]);
  }
});

test('a damaged JA4 of a stranger’s table gives nothing, and no control character', () => {
  expect(findingsOf(finder, { ...THIN, ja4: 't' })).toEqual([]);
  expect(
    findingsOf(finder, { ...THIN, ja4: 't13i311000_\u001b[31m' })
      .map(({ finding }) => finding)
      .join(''),
  ).not.toMatch(/\p{C}/u);
  expect(finder.find(flowTable({ sni: 'example.com' }), 0)).toEqual([]);
});
