/**
 * pyarrow, DuckDB and polars read what is written here, and what they write is read here. Needs Python with those of the
 * libraries that are to be asked: `FLOWLAMP_PYTHON`, or python3 on the PATH; skipped, and said to be, without.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { ColumnSpec } from '../../../core/table.ts';
import { headOf } from '../../../features/files/inputs.ts';
import { readTable, tableKind } from '../../../features/files/table-reader.ts';
import { type Compression, type TableFormat, TableWriter } from '../../../features/files/table-writer.ts';
import { type Row, rowsOf } from '../../support/rows.ts';
import { ROWS, SPECS, someTable } from './some-table.ts';

const python = process.env['FLOWLAMP_PYTHON'] ?? 'python3';
const script = fileURLToPath(new URL('../../oracle/tables.py', import.meta.url));

function run(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, [script, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${python} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function librariesThere(): string[] {
  try {
    return JSON.parse(run('has')) as string[];
  } catch {
    return [];
  }
}

const libraries = librariesThere();
const folder = mkdtempSync(join(tmpdir(), 'flowlamp-others-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WAYS: readonly (readonly [TableFormat, Compression])[] = [
  ['parquet', 'none'],
  ['parquet', 'zstd'],
  ['arrow', 'none'],
  ['arrow', 'zstd'],
  ['arrows', 'none'],
  ['arrows', 'zstd'],
];

/** Enough rows for bodies to be worth compressing. */
const MANY: readonly Row[] = Array.from({ length: 40 }, () => ROWS).flat();

async function write(path: string, format: TableFormat, compression: Compression, rows: readonly Row[]): Promise<void> {
  const writer = await TableWriter.open(path, format, SPECS, compression);
  writer.write(someTable(rows));
  writer.finish();
}

const TYPES: Readonly<Record<string, readonly string[]>> = {
  capture: ['string', 'VARCHAR', 'String'],
  flow_id: ['uint64', 'UBIGINT', 'UInt64'],
  part: ['uint32', 'UINTEGER', 'UInt32'],
  first_seen: [
    'timestamp[ns, tz=UTC]',
    'TIMESTAMP WITH TIME ZONE',
    'TIMESTAMP_NS',
    'TIMESTAMP_TZ_NS',
    "Datetime(time_unit='ns', time_zone='UTC')",
  ],
  src_port: ['uint16', 'USMALLINT', 'UInt16'],
  ip_version: ['uint8', 'UTINYINT', 'UInt8'],
  fwd_packet_size_std: ['double', 'DOUBLE', 'Float64'],
  payload_sizes: ['list<int32>', 'INTEGER[]', 'List(Int32)'],
  payload_times_us: ['list<double>', 'DOUBLE[]', 'List(Float64)'],
  sni_tokens: ['list<string>', 'VARCHAR[]', 'List(String)'],
  tls_ech: ['bool', 'BOOLEAN', 'Boolean'],
  label: ['string', 'VARCHAR', 'String'],
};

interface Found {
  readonly error?: string;
  readonly types: Record<string, string>;
  readonly units?: Record<string, string>;
  readonly [name: string]: unknown;
}

const nsOf = (text: unknown) => {
  const [, seconds, fraction] = /^(.*)\.(\d{9})Z$/.exec(text as string)!;
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction!);
};
const column = (name: string) => MANY.map((row) => row[name]);

describe.skipIf(libraries.length === 0)(
  `what is written is read by ${libraries.join(', ') || 'nobody: no library there'}`,
  async () => {
    const home = join(folder, 'ours');
    mkdirSync(home);
    if (libraries.length > 0)
      for (const [format, way] of WAYS) await write(join(home, `${way}.${format}`), format, way, MANY);
    const results = libraries.length === 0 ? {} : (JSON.parse(run('read', home)) as Record<string, Found>);

    test.each(Object.entries(results))('%s', (name, found) => {
      expect(found.error).toBeUndefined();
      expect(found['rows']).toBe(MANY.length);
      for (const [columnName, type] of Object.entries(found.types))
        expect(TYPES[columnName], columnName).toContain(type);
      expect(found['flow_ids']).toBe(String(MANY.reduce((sum, row) => sum + BigInt(row['flow_id'] as number), 0n)));
      // DuckDB has no nanoseconds with a time zone in every version: it may round to microseconds.
      const times = column('first_seen').map(nsOf);
      const precise = !name.startsWith('duckdb') || found.types['first_seen']!.includes('NS');
      expect((found['times'] as string[]).map((time) => (precise ? time : time.slice(0, -3)))).toEqual(
        times.map((time) => (precise ? String(time) : String(time).slice(0, -3))),
      );
      expect(found['labels']).toEqual(column('label'));
      expect(found['sizes']).toEqual(column('payload_sizes'));
      expect(found['tokens']).toEqual(column('sni_tokens'));
      expect(found['std']).toEqual(column('fwd_packet_size_std'));
      expect(found['ech']).toEqual(column('tls_ech'));
      if (found.units === undefined) return;
      expect(found.units).toEqual(Object.fromEntries(SPECS.map((spec) => [spec.name, spec.unit])));
      expect(found['revisions']).toEqual(Object.fromEntries(SPECS.map((spec) => [spec.name, String(spec.revision)])));
      expect(found['version']).toBe('1');
    });
  },
);

describe.skipIf(!libraries.includes('pyarrow'))('what others write is read', async () => {
  const theirs = join(folder, 'theirs');
  mkdirSync(theirs);
  if (libraries.includes('pyarrow')) {
    await write(join(folder, 'source.parquet'), 'parquet', 'none', MANY);
    run('write', join(folder, 'source.parquet'), theirs);
  }

  test.each(readdirSync(theirs))('%s', async (name) => {
    const path = join(theirs, name);
    const rows: Row[] = [];
    let specs: readonly ColumnSpec[] = [];
    await readTable(path, tableKind(headOf(path))!, (batch, found) => {
      rows.push(...rowsOf(batch));
      specs = found;
    });
    const rounded = (row: Row) => ({ ...row, first_seen: String(row['first_seen']).slice(0, -4) });
    const isPrecise = !name.startsWith('duckdb');
    expect(isPrecise ? rows : rows.map(rounded)).toEqual(isPrecise ? MANY : MANY.map(rounded));
    // What keeps metadata keeps what a model is checked by.
    const meant = ({ name, type, unit, revision }: ColumnSpec) => ({ name, type, unit, revision });
    if (/^(duckdb|polars)/.test(name))
      expect(specs.map(({ name, type }) => [name, type])).toEqual(SPECS.map(({ name, type }) => [name, type]));
    else expect(specs.map(meant)).toEqual(SPECS.map(meant));
  });
});
