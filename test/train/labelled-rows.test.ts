import { expect, test } from 'vitest';
import { type ColumnSpec, createTable, type ScalarColumn, type Table, type TextColumn } from '../../core/table.ts';
import { appendText } from '../../core/text-column.ts';
import { FEATURES, featureNamed } from '../../features/vector/schema.ts';
import { LabelledRows } from '../../train/labelled-rows.ts';

const inputs = ['fwd_packets', 'flow_iat_mean_us'].map((name) => {
  const { type, revision } = featureNamed(name)!;
  return { name, type, revision };
});

interface Flow {
  readonly capture?: string;
  readonly label: string | null;
  readonly packets?: number;
  readonly gap?: number | null;
  readonly payloads?: number;
  readonly port?: number;
  readonly flowId?: number;
}

function tableOf(flows: readonly Flow[], specs: readonly ColumnSpec[] = FEATURES): Table {
  const table = createTable(specs, flows.length);
  table.length = flows.length;
  const text = (name: string, row: number, value: string | null) => {
    appendText(table.columns.get(name) as TextColumn, row, value);
  };
  const number = (name: string, row: number, value: number | null) => {
    const column = table.columns.get(name) as ScalarColumn<'float64'>;
    column.values[row] = value ?? 0;
    column.valid[row] = value === null ? 0 : 1;
  };
  flows.forEach((flow, row) => {
    text('capture', row, flow.capture ?? 'a.pcap');
    text('label', row, flow.label);
    text('protocol', row, 'tcp');
    number('flow_id', row, flow.flowId ?? null);
    number('dst_port', row, flow.port ?? 443);
    number('fwd_packets', row, flow.packets ?? 10);
    number('flow_iat_mean_us', row, flow.gap === undefined ? 1 : flow.gap);
    number('fwd_payload_packets', row, flow.payloads ?? 9);
    number('bwd_payload_packets', row, 0);
  });
  return table;
}

function collect(
  flows: readonly Flow[],
  classes: readonly string[] | null = null,
  target = 'label',
  group = 'capture',
) {
  const rows = new LabelledRows(inputs, target, group, { minPayloadPackets: 5 }, classes);
  rows.add('flows.csv', FEATURES, tableOf(flows));
  return rows;
}

const labelled = (...labels: string[]) => labels.map((label) => ({ label }));

test('rows become columns of the inputs, with ids of class and group, NaN where a value is null', () => {
  const { data, groups, groupNames, captures, ports } = collect([
    { capture: 'b.pcap', label: 'other', packets: 3, gap: 0.5, port: 80 },
    { capture: 'a.pcap', label: 'mining', packets: 4, gap: null, port: 3333 },
    { capture: 'b.pcap', label: 'mining', packets: 5, gap: 2.5, port: 443 },
  ]).finish();
  expect(data.classNames).toEqual(['mining', 'other']);
  expect([...data.labels]).toEqual([1, 0, 0]);
  expect(data.matrix.names).toEqual(['fwd_packets', 'flow_iat_mean_us']);
  expect(data.matrix.columns.map((column) => [...column])).toEqual([
    [3, 4, 5],
    [0.5, Number.NaN, 2.5],
  ]);
  expect([groupNames, [...groups]]).toEqual([
    ['a.pcap', 'b.pcap'],
    [1, 0, 1],
  ]);
  expect(captures).toEqual(['a.pcap', 'b.pcap']);
  expect([...ports]).toEqual([80, 3333, 443]);
});

test('several tables add up', () => {
  const rows = collect(labelled('mining'));
  rows.add('more.csv', FEATURES, tableOf([{ capture: 'z.pcap', label: 'other' }]));
  expect(rows.finish()).toMatchObject({ groupNames: ['a.pcap', 'z.pcap'], data: { matrix: { rows: 2 } } });
});

test('rows without a label, too short ones and those of other classes are left out and counted', () => {
  const flows: Flow[] = [
    { label: 'mining' },
    { label: null },
    { label: 'mining', payloads: 4 },
    { label: 'mining', payloads: 5 },
    { label: 'video' },
    { label: 'other' },
  ];
  const rows = collect(flows, ['other', 'mining']);
  expect(rows.leftOut).toEqual({ unlabelled: 1, tooShort: 1, otherLabels: 1, otherProtocols: 0 });
  expect([...rows.finish().data.labels]).toEqual([1, 1, 0]);
});

test.each([
  [
    'nothing usable',
    [{ label: null }, { label: 'mining', payloads: 1 }],
    /1 without a label in label, 1 with fewer than 5/,
  ],
  ['labels that differ only in case', labelled('mining', 'Mining'), /"Mining" and "mining" differ only in case/],
  ['labels that differ only in blanks', labelled('mining', 'mining '), /differ only in case, blanks or how/],
  [
    'labels that differ only in how an accent is written',
    labelled('caf\u00e9', 'cafe\u0301'),
    /differ only in case, blanks or how/,
  ],
])('%s is refused', (_, flows, message) => {
  expect(() => collect(flows).finish()).toThrow(
    expect.objectContaining({ code: 'LABELS_UNUSABLE', message: expect.stringMatching(message) }),
  );
});

test('a target or a group that is no column, and a target that is no text, are refused', () => {
  expect(() => collect(labelled('x'), null, 'truth')).toThrow(/flows\.csv has no column truth/);
  expect(() => collect(labelled('x'), null, 'label', 'site')).toThrow(/flows\.csv has no column site/);
  expect(() => collect(labelled('x'), null, 'fwd_packets')).toThrow(/column fwd_packets of flows\.csv is /);
});

test('a table without the inputs is refused', () => {
  const specs = FEATURES.filter(({ name }) => name !== 'flow_iat_mean_us');
  const rows = new LabelledRows(inputs, 'label', 'capture', { minPayloadPackets: 5 }, null);
  expect(() => rows.add('old.csv', specs, createTable(specs, 0))).toThrow(/no column flow_iat_mean_us/);
});

test('weights come from a column of numbers, one for each row that is used', () => {
  const flows = [
    { label: 'a', packets: 3 },
    { label: null, packets: 4 },
    { label: 'b', packets: 5 },
  ];
  const weighed = (weightColumn: string, rows: Flow[] = flows) => {
    const collected = new LabelledRows(inputs, 'label', 'capture', { minPayloadPackets: 5 }, null, [], {
      weightColumn,
    });
    collected.add('flows.csv', FEATURES, tableOf(rows));
    return collected.finish().data.weights;
  };
  expect(weighed('fwd_packets')).toEqual(Float32Array.of(3, 5));
  expect(() => weighed('weight')).toThrow('has no column weight');
  expect(() => weighed('first_seen')).toThrow('column first_seen of flows.csv is timestamp_ns; expected a column of');
  // What is text in a table of text may still be numbers.
  expect(weighed('capture', [{ label: 'a', capture: '2.5' }])).toEqual(Float32Array.of(2.5));
  expect(() => weighed('capture', [{ label: 'a', capture: 'heavy' }])).toThrow('has no weight in capture');
  expect(() => weighed('capture', [{ label: 'a', capture: ' ' }])).toThrow('has no weight in capture');
  expect(() => weighed('flow_iat_mean_us', [{ label: 'a', gap: null }])).toThrow('has no weight in flow_iat_mean_us');
  expect(() => weighed('flow_iat_mean_us', [{ label: 'a', gap: -1 }])).toThrow('has the weight -1');
});

test('a table of an older version is read without the inputs that it lacks, where that is allowed', () => {
  const three = [...inputs, { name: 'bwd_packets', type: featureNamed('bwd_packets')!.type, revision: 1 }];
  const older = FEATURES.filter(({ name }) => name !== 'fwd_packets');
  const read = (mayLackInputs: boolean, specs: readonly ColumnSpec[]) => {
    const rows = new LabelledRows(three, 'label', 'capture', { minPayloadPackets: 5 }, null, [], { mayLackInputs });
    rows.add('new.arrow', FEATURES, tableOf(labelled('a')));
    rows.add('old.arrow', specs, tableOf(labelled('b', 'b')));
    return rows;
  };
  const rows = read(true, older);
  expect([...rows.lacking]).toEqual([['old.arrow', ['fwd_packets']]]);
  expect(rows.inputs.map(({ name }) => name)).toEqual(['flow_iat_mean_us', 'bwd_packets']);
  const { matrix } = rows.finish().data;
  expect(matrix.names).toEqual(['flow_iat_mean_us', 'bwd_packets']);
  expect(matrix.columns.map((column) => column.length)).toEqual([3, 3]);
  expect(() => read(false, older)).toThrow('no column fwd_packets');
  // What lacks most of the inputs is no older table, and what means something else cannot be done without by itself.
  expect(() =>
    read(
      true,
      FEATURES.filter(({ name }) => name === 'bwd_packets'),
    ),
  ).toThrow('no column fwd_packets');
  const changed = FEATURES.map((spec) => (spec.name === 'bwd_packets' ? { ...spec, revision: 7 } : spec));
  expect(() => read(true, changed)).toThrow('bwd_packets has revision 7, not 1');
});

test('rows of one flow count together as much as the one row of another', () => {
  const early = [{ label: 'a', flowId: 5 }, { label: 'a', flowId: 5 }, { label: 'b', flowId: 6 }, { label: 'b' }];
  expect([...collect(early).finish().data.weights!]).toEqual([0.5, 0.5, 1, 1]);
  const elsewhere = early.map((flow, i) => ({ ...flow, capture: `${i}.pcap` }));
  expect(collect(elsewhere).finish().data.weights).toBeUndefined();
});
