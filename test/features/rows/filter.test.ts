import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { chosenRows, parseFilter } from '../../../features/rows/filter.ts';
import { specsOfNames, tableOfObjects } from '../../../features/text/text-reader.ts';

const ROWS = [
  {
    src_ip: '10.1.2.3',
    dst_ip: '2001:db8::1',
    dst_port: 443,
    protocol: 'tcp',
    sni: "it's.example.com",
    first_seen: '2024-05-01T12:00:00.000000000Z',
    tls_ech: true,
    fwd_bytes: 1e6,
    payload_sizes: [517, -1200],
    dns_answers: ['192.0.2.7', 'a.example'],
  },
  {
    src_ip: '10.1.2.4',
    dst_ip: '192.0.2.1',
    dst_port: 53,
    protocol: 'udp',
    sni: null,
    first_seen: '2024-05-01T12:00:00.000000001Z',
    tls_ech: null,
    fwd_bytes: 60,
    payload_sizes: [],
    dns_answers: null,
  },
  {
    src_ip: 'fe80::5',
    dst_ip: 'ff02::fb',
    dst_port: 5353,
    protocol: 'udp',
    sni: 'ü.example',
    first_seen: '2023-01-01T00:00:00.000000000Z',
    tls_ech: false,
    fwd_bytes: 0,
    payload_sizes: [1],
    dns_answers: [],
  },
];
const SPECS = specsOfNames(Object.keys(ROWS[0]!));
const table = tableOfObjects('rows', SPECS, ROWS);
const chosen = (text: string) => chosenRows(parseFilter(text).compile(SPECS)(table), table.length);

test.each([
  ['dst_port == 443', [0]],
  ['dst_port != 443', [1, 2]],
  ['dst_port > 53 && dst_port <= 5353', [0, 2]],
  ['dst_port<1e3', [0, 1]],
  ['fwd_bytes >= 0.5', [0, 1]],
  ['fwd_bytes > -1', [0, 1, 2]],
  ['dst_port in (53, 5353)', [1, 2]],
  ['dst_port not in (53, 5353)', [0]],
  ["protocol == 'tcp' or dst_port == 53", [0, 1]],
  ["protocol == 'udp' and not (dst_port == 53)", [2]],
  ["!(protocol == 'udp') || dst_port == 5353", [0, 2]],
  ["protocol == 'tcp' or protocol == 'udp' and dst_port == 53", [0, 1]],
  ['protocol in ("tcp", "sctp")', [0]],
  ["sni == 'it\\'s.example.com'", [0]],
  ['sni == "it\'s.example.com"', [0]],
  ["sni contains 'example'", [0, 2]],
  ["sni startsWith 'ü'", [2]],
  ["sni endsWith '.com'", [0]],
  ["sni < 'j'", [0]],
  ['sni == null', [1]],
  ['sni != null', [0, 2]],
  ["sni != 'ü.example'", [0, 1]],
  ["sni in ('ü.example', null)", [1, 2]],
  ['tls_ech', [0]],
  ['not tls_ech', [1, 2]],
  ['tls_ech == false', [2]],
  ['tls_ech != true', [1, 2]],
  ['src_ip in 10.0.0.0/8', [0, 1]],
  ["src_ip in '10.1.2.4/31'", [1]],
  ['src_ip not in 10.0.0.0/8', [2]],
  ['src_ip in fe80::/10', [2]],
  ['src_ip in ::/0', [2]],
  ['src_ip in 0.0.0.0/0', [0, 1]],
  ['dst_ip == 2001:DB8:0::1', [0]],
  ['dst_ip != 192.0.2.1', [0, 2]],
  ['dst_ip in (192.0.2.1, ff02::fb)', [1, 2]],
  ['dns_answers in 192.0.2.0/24', [0]],
  ["dns_answers contains 'a.example'", [0]],
  ['payload_sizes contains -1200', [0]],
  ['payload_sizes contains 1', [2]],
  ['first_seen > 2024-05-01T12:00:00Z', [1]],
  ['first_seen >= 2024-05-01T14:00:00+02:00', [0, 1]],
  ["first_seen == '2024-05-01T12:00:00.000000001Z'", [1]],
  ['  dst_port==443  ', [0]],
  ['(((dst_port == 443)))', [0]],
])('%s', (text, rows) => {
  expect(chosen(text)).toEqual(rows);
});

test('names the columns that it reads', () => {
  expect([...parseFilter('sni == null or (dst_port > 1 and sni != null)').columns]).toEqual(['sni', 'dst_port']);
});

describe('what cannot be used says where and what was expected', () => {
  test.each([
    ['', 'at character 1 stands the end', 'a column'],
    ['dst_port ==', 'at character 12 stands the end', 'a number, a string'],
    ['dst_port = 443', 'at character 10 stands "="', '== to compare'],
    ['dst_port == 443 sni', 'at character 17 stands "sni"', 'and, or, or the end'],
    ['(dst_port == 443', 'at character 17 stands the end', ')'],
    ['dst_port == 443)', 'at character 16 stands ")"', 'and, or'],
    ['dst_port in 443', 'at character 13 stands "443"', 'a network like'],
    ['dst_port in (1,)', 'at character 16 stands ")"', 'a number'],
    ['dst_port not 5', 'at character 14 stands "5"', 'in'],
    ['protocol == tcp', 'at character 13 stands "tcp"', "'tcp'"],
    ["sni == 'open", 'a string that does not end', "closing '"],
    ['443 == dst_port', 'at character 1 stands "443"', 'a column'],
    ['and', 'at character 1 stands "and"', 'a column'],
    ['dst_port == 10.0.0.300', 'at character 13', ''],
    ['dst_port ~ 5', 'at character 10 stands "~"', 'an operator'],
    ['first_seen > 2024-13-01T00:00:00Z', 'at character 14', 'a time like'],
    ['dst_port == null and dst_port < null', 'stands null', '== or !='],
    ["dst_port == '443'", "dst_port is a number and cannot be compared with '443'", 'a number'],
    ['sni == 5', 'sni is text', 'a string'],
    ['sni in 10.0.0.0/33', 'at character 8', ''],
    ['src_ip == 10.0.0.0/8', 'src_ip is text', 'in'],
    ['tls_ech == 1', 'tls_ech is true or false', 'true or false'],
    ['payload_sizes == 1', 'a list of numbers', 'contains'],
    ['first_seen > 5', 'first_seen is a time', 'a time'],
    ["dst_port contains '4'", 'dst_port is a number', 'a comparison'],
    [`${'('.repeat(100)}tls_ech`, 'at character 65', 'at most 64'],
    [`${'!'.repeat(100)}tls_ech`, 'at character 65', 'at most 64'],
    [`dst_port in (${new Array(1500).fill(1).join(',')})`, 'one value too many', '1000'],
    ['x'.repeat(5000), 'it has 5000 characters', '4096'],
  ])('%s', (text, happened, expected) => {
    expect(() => chosen(text)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        happened: expect.stringContaining(happened),
        expected: expect.stringContaining(expected),
      }),
    );
  });

  test.each([
    ['dst_prt == 1', 'perhaps dst_port'],
    ['SNI == null', 'perhaps sni'],
    ['protocoll == null', 'perhaps protocol'],
    ['nothing_like_that == 1', 'such as src_ip'],
  ])('%s names the nearest column', (text, expected) => {
    expect(() => chosen(text)).toThrow(
      expect.objectContaining({ code: 'COLUMN_UNKNOWN', expected: expect.stringContaining(expected) }),
    );
  });
});

test('any words give rows or an error, soon', () => {
  const words = [
    'dst_port',
    'sni',
    '==',
    '!=',
    '<',
    'in',
    '(',
    ')',
    ',',
    'and',
    'or',
    'not',
    '!',
    '5',
    "'a'",
    '10.0.0.0/8',
    'null',
    'true',
    'contains',
    '"',
    '\\',
    'é',
    '\u0000',
  ];
  const prng = new Prng('filters');
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: prng.integer(0, 12) }, () => prng.pick(words)).join(prng.pick(['', ' ']));
    try {
      chosen(text);
    } catch (error) {
      expect(error, text).toMatchObject({ name: 'FlowlampError' });
    }
  }
});
