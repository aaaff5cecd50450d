/** Each fault is planted in a set that is sound without it, and must be found: that one, and nothing else. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../core/prng.ts';
import { appendText, createTextColumn } from '../../../core/text-column.ts';
import { AUDIT_DEFAULTS, type Audit, auditOf, scoreOf } from '../../../datasets/audit/audit.ts';
import { AuditCollector } from '../../../datasets/audit/collect.ts';
import { flowTable } from '../flow-table.ts';

type Row = Record<string, unknown>;
type Change = (row: Row, isMining: boolean, i: number) => void;

/** Two classes in twenty captures each, over the same hosts, ports and times; sizes differ a little, as they may. */
function rows(change: Change = () => undefined, flows = 1200): Row[] {
  const random = new Prng(3);
  return Array.from({ length: flows }, (_, i) => {
    const isMining = random.chance(0.4);
    const row: Row = {
      capture: `c${random.below(20)}.pcap`,
      src_ip: `10.0.0.${random.below(40)}`,
      dst_ip: `192.0.2.${random.below(60)}`,
      dst_port: random.pick([443, 8443, 3333]),
      first_seen: 1e9 + random.below(1e6) + random.below(1e6) / 1e6,
      sni: `${random.hex(random.integer(2, 12))}.example`,
      label: isMining ? 'mining' : 'other',
      fwd_syn_packets: random.chance(0.9) ? 1 : 0,
      fwd_bytes: random.below(5000) + (isMining ? 400 : 0),
      duration_us: random.below(1e7),
      fwd_packet_size_max: random.integer(800, 1500),
      payload_sizes: [random.below(1400), -random.below(1400), random.below(1400), i],
      capture_snaplen: 262144,
      capture_link_type: 1,
      capture_format: 'pcap',
    };
    change(row, isMining, i);
    return row;
  });
}

function audit(own: Row[], sides: Row[][] = [own], options = AUDIT_DEFAULTS): Audit {
  const collected = new AuditCollector('label');
  sides.forEach((side, i) => {
    collected.add('test', flowTable(side), ['train', 'test'][i]!);
  });
  return auditOf(collected, options);
}

const found = ({ findings }: Audit) => findings.map(({ level, name }) => `${level} ${name}`);

test('a sound set has no findings, and what a column tells is measured', () => {
  const sound = audit(rows());
  expect(found(sound)).toEqual([]);
  const score = (name: string) => scoreOf(sound.columns.find((column) => column.name === name)!);
  expect(score('fwd_bytes')).toBeGreaterThan(0.55);
  expect(score('fwd_bytes')).toBeLessThan(0.7);
  expect(score('duration_us')).toBeLessThan(0.55);
  expect(score('sni (length)')).toBeLessThan(0.55);
  expect(sound.classes.map(({ label, groups }) => [label, groups.capture]).sort()).toEqual([
    ['mining', 20],
    ['other', 20],
  ]);
});

describe('planted:', () => {
  test.each<[string, Change, string[]]>([
    [
      'a port that gives the label away',
      (row, isMining) => Object.assign(row, { dst_port: isMining ? 3333 : 443 }),
      ['breach dst_port'],
    ],
    [
      'an address that does',
      (row, isMining) => Object.assign(row, { dst_ip: isMining ? '192.0.2.7' : row['dst_ip'] }),
      ['breach dst_ip'],
    ],
    [
      'the length of a server name',
      (row, isMining) => Object.assign(row, { sni: isMining ? 'pool.example' : 'www.long-name.example' }),
      ['breach sni', 'breach sni'],
    ],
    [
      'the time of the capture',
      (row, isMining) => Object.assign(row, { first_seen: (row['first_seen'] as number) + (isMining ? 1e7 : 0) }),
      ['breach first_seen'],
    ],
    [
      'a model input that is the label',
      (row, isMining) =>
        Object.assign(row, { duration_us: isMining ? 600e6 + (row['duration_us'] as number) : row['duration_us'] }),
      ['breach duration_us'],
    ],
    [
      'a null that is the label',
      (row, isMining) => Object.assign(row, { duration_us: isMining ? null : row['duration_us'] }),
      ['breach duration_us'],
    ],
    [
      'flows seen from the SYN and mid-flow',
      (row, isMining) => Object.assign(row, { fwd_syn_packets: isMining ? 1 : 0 }),
      ['breach start', 'breach fwd_syn_packets'],
    ],
    [
      'another snapshot length',
      (row, isMining) => Object.assign(row, { capture_snaplen: isMining ? 96 : 262144 }),
      ['breach capture_snaplen', 'breach snaplen'],
    ],
  ])('%s', (_, change, expected) => {
    const names = found(audit(rows(change)));
    for (const name of new Set(expected)) expect(names).toContain(name);
    expect(names.length).toBeLessThanOrEqual(expected.length + 1);
  });

  test('another clock', () => {
    const clock = audit(
      rows((row, isMining) => {
        row['capture'] = `${isMining ? 'm' : 'o'}${row['capture']}`;
        if (isMining) row['first_seen'] = Math.floor(row['first_seen'] as number);
      }),
    );
    expect(found(clock)).toContain('breach clock');
  });

  test('another largest packet', () => {
    const sizes = audit(
      rows((row, isMining) => {
        row['capture'] = `${isMining ? 'm' : 'o'}${row['capture']}`;
        if (isMining) row['fwd_packet_size_max'] = (row['fwd_packet_size_max'] as number) - 200;
      }),
    );
    expect(found(sizes)).toContain('breach largest packet');
  });

  test('a class of a single capture', () => {
    expect(found(audit(rows((row, isMining) => isMining && Object.assign(row, { capture: 'one.pcap' }))))).toContain(
      'breach groups',
    );
  });

  test('duplicates, a capture and hosts on both sides of a split', () => {
    const all = rows();
    const isTest = (row: Row) => Number(/\d+/.exec(String(row['capture']))![0]) >= 15;
    const [train, held] = [all.filter((row) => !isTest(row)), all.filter(isTest)];
    expect(found(audit(all, [train, held]))).toEqual(['warning crossing-client', 'warning crossing-server']);
    const copies = train.slice(0, 40).map((row) => ({ ...row, capture: held[0]!['capture'] }));
    expect(found(audit(all, [train, [...held, ...copies]]))).toContain('breach duplicates');
    expect(found(audit(all, [train, [...held, train[0]!]]))).toContain('breach crossing-capture');
  });

  test('the same flows under two labels', () => {
    const all = rows(
      (row, _, i) =>
        i < 40 && Object.assign(row, { payload_sizes: [i >> 1, 2, 3, 4], label: i % 2 ? 'mining' : 'other' }),
    );
    expect(found(audit(all))).toEqual(['warning ambiguous']);
  });

  test('a model that learns shuffled labels', () => {
    const control = (error: number) => ({ ...AUDIT_DEFAULTS, shuffle: { real: 0.9, shuffled: 0.7, error } });
    expect(found(audit(rows(), undefined, control(0.01)))).toEqual(['breach shuffle']);
    // Of few rows it may be chance.
    expect(found(audit(rows(), undefined, control(0.08)))).toEqual([]);
  });
});

test('tables of text, and sides of unlike tables, are audited as well', () => {
  const asText = (own: Row[]) => {
    const table = flowTable(own);
    const columns = new Map(table.columns);
    for (const name of ['capture_snaplen', 'capture_link_type']) {
      const texts = createTextColumn(own.length);
      own.forEach((row, i) => {
        appendText(texts, i, String(row[name]));
      });
      columns.set(name, texts);
    }
    return { ...table, columns };
  };
  const planted = rows((row, isMining) => Object.assign(row, { capture_snaplen: isMining ? 96 : 262144 }));
  for (const tables of [
    [asText(planted)],
    [flowTable(planted), asText(planted)],
    [asText(planted), flowTable(planted)],
  ]) {
    const collected = new AuditCollector('label');
    for (const table of tables) collected.add('test', table, 'train');
    expect(found(auditOf(collected))).toContain('breach snaplen');
  }
});

test('an identity that is seen in one capture only tells nothing of others', () => {
  const own = audit(
    rows((row, isMining) => {
      const capture = String(row['capture']);
      row['dst_ip'] = `198.51.100.${Number(/\d+/.exec(capture)![0]) * 2 + Number(isMining)}`;
    }),
  );
  expect(scoreOf(own.columns.find(({ name }) => name === 'dst_ip')!)).toBeLessThan(0.6);
});

test('what is accepted is no breach', () => {
  const own = rows((row, isMining) => Object.assign(row, { dst_port: isMining ? 3333 : 443 }));
  expect(found(audit(own, undefined, { ...AUDIT_DEFAULTS, allow: ['dst_port'] }))).toEqual(['accepted dst_port']);
});

test('a column alone is ranked as a slow count over all pairs ranks it', () => {
  const own = rows(undefined, 300);
  const { columns } = audit(own);
  for (const name of ['fwd_bytes', 'duration_us', 'fwd_packet_size_max', 'dst_port']) {
    let above = 0;
    let pairs = 0;
    for (const a of own) {
      for (const b of own) {
        if (a['label'] !== 'mining' || b['label'] !== 'other') continue;
        pairs++;
        above += (a[name] as number) > (b[name] as number) ? 1 : a[name] === b[name] ? 0.5 : 0;
      }
    }
    const slow = Math.max(above / pairs, 1 - above / pairs);
    expect(columns.find((column) => column.name === name)!.rank).toBeCloseTo(slow, 10);
  }
});
