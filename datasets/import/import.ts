/** Reads the flow tables of others, batch by batch, as tables of ours. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ColumnSpec, Table } from '../../core/table.ts';
import { csvRows, readLines } from '../../features/files/lines.ts';
import { tableOfObjects } from '../../features/text/text-reader.ts';
import { FEATURES } from '../../features/vector/schema.ts';
import { MINER22, QUIC22, TLS22 } from './cesnet.ts';
import { CICFLOWMETER, NFSTREAM_CSV, ZEEK_CONN } from './flow-meters.ts';
import { isPacketText, PACKET_TEXT, packetTextRow } from './packet-text.ts';
import type { Importer, OurRow, SourceRow } from './source.ts';

export const IMPORTERS: readonly Importer[] = [
  MINER22,
  TLS22,
  QUIC22,
  CICFLOWMETER,
  NFSTREAM_CSV,
  ZEEK_CONN,
  PACKET_TEXT,
];

export interface ImportOptions {
  /** Name of an importer; null to tell by the file. */
  readonly format: string | null;
  /** Label of rows that have none. */
  readonly label: string | null;
}

export interface Imported {
  readonly importer: Importer;
  readonly rows: number;
  /** Rows that hold what no flow can: they are left out. */
  readonly refused: number;
  /** The first reason. */
  readonly reason: string | null;
}

const COLUMN_NAMES = new Set(FEATURES.map(({ name }) => name));

/** @throws FlowlampError NOT_A_TABLE for a file of no source that is known, or of another than was named */
export async function importTable(
  path: string,
  options: ImportOptions,
  receive: (table: Table) => void,
): Promise<Imported> {
  const first = await firstLine(path);
  const importer = importerFor(path, first, options.format);
  const batch = new ImportBatch(path, importer, options.label, receive);
  if (importer === PACKET_TEXT) {
    batch.add(() => packetTextRow(path, textOf(path, first.bytes ?? '')));
  } else if (importer === ZEEK_CONN) await importZeek(path, batch);
  else await importCsv(path, batch, importer);
  return batch.finish();
}

class ImportBatch {
  readonly #path: string;
  readonly #importer: Importer;
  readonly #label: string | null;
  readonly #receive: (table: Table) => void;
  #rows: OurRow[] = [];
  #taken = 0;
  #refused = 0;
  #reason: string | null = null;

  constructor(path: string, importer: Importer, label: string | null, receive: (table: Table) => void) {
    this.#path = path;
    this.#importer = importer;
    this.#label = label;
    this.#receive = receive;
  }

  /** Takes a row if it makes a row of ours: a value that does not fit leaves it out, and is counted. */
  add(make: () => OurRow): void {
    try {
      const row = { capture: this.#path, part: 0, row_kind: 'end', ...make() };
      if (this.#label !== null && (row as OurRow)['label'] == null) Object.assign(row, { label: this.#label });
      tableOfObjects(this.#path, OWN_SPECS, [row]);
      this.#rows.push(row);
    } catch (cause) {
      this.#refused++;
      this.#reason ??= ((cause as FlowlampError).happened ?? (cause as Error).message).replace(
        /^.*no flow table: /,
        '',
      );
    }
    if (this.#rows.length === LIMITS.batchRows) this.#flush();
  }

  #flush(): void {
    if (this.#rows.length === 0) return;
    this.#taken += this.#rows.length;
    this.#receive(tableOfObjects(this.#path, FEATURES, this.#rows));
    this.#rows = [];
  }

  finish(): Imported {
    this.#flush();
    return { importer: this.#importer, rows: this.#taken, refused: this.#refused, reason: this.#reason };
  }
}

/** Those that some importer fills. */
const FILLED = new Set(['capture', 'part', 'row_kind', ...IMPORTERS.flatMap(({ fills }) => fills)]);
const OWN_SPECS: readonly ColumnSpec[] = FEATURES.filter(({ name }) => FILLED.has(name));

/** Columns of ours that an importer leaves null. */
export function leftNull({ fills }: Importer): string[] {
  return FEATURES.map(({ name }) => name).filter(
    (name) => !fills.includes(name) && !['capture', 'part', 'row_kind'].includes(name),
  );
}

/** Columns that an importer says it fills and that are none. */
export function unknownFills(): string[] {
  return IMPORTERS.flatMap(({ fills }) => fills).filter((name) => !COLUMN_NAMES.has(name));
}

interface FirstLine {
  readonly header: readonly string[];
  readonly bytes: string | null;
}

async function firstLine(path: string): Promise<FirstLine> {
  for await (const lines of readLines(path, 16)) {
    if (isPacketText(lines[0]!)) return { header: [], bytes: await wholeText(path) };
    const fields = lines.find((line) => line.startsWith('#fields'));
    if (fields !== undefined) return { header: fields.split('\t').slice(1), bytes: null };
    return {
      header: lines[0]!
        .replace(/^\ufeff/, '')
        .split(',')
        .map((name) => name.trim().replace(/^"|"$/g, '')),
      bytes: null,
    };
  }
  return { header: [], bytes: null };
}

/** Packets of a file that holds one flow: more than any had. */
const MOST_PACKETS = 1_000_000;

async function wholeText(path: string): Promise<string> {
  let text = '';
  let packets = 0;
  for await (const lines of readLines(path, LIMITS.batchRows)) {
    packets += lines.length;
    if (packets > MOST_PACKETS) throw notThat(path, `it has more than ${MOST_PACKETS} lines`, 'a text file per flow');
    text += `${lines.join('\n')}\n`;
  }
  return text;
}

function textOf(path: string, text: string): string {
  if (text !== '') return text;
  throw notThat(path, 'it holds no packets', 'a text file per flow');
}

function importerFor(path: string, { header, bytes }: FirstLine, format: string | null): Importer {
  const found = bytes !== null ? PACKET_TEXT : IMPORTERS.find(({ knows }) => knows(header));
  if (format === null) {
    if (found !== undefined) return found;
    throw notThat(
      path,
      `its columns (${header.slice(0, 6).join(', ')}, ...) are of no source that is known`,
      `one of ${names()}`,
    );
  }
  const named = IMPORTERS.find(({ name }) => name === format)!;
  if (named === found || named.knows(header)) return named;
  throw notThat(
    path,
    `it does not look like ${named.describes}`,
    found === undefined ? `one of ${names()}` : `--from ${found.name}, which it looks like`,
  );
}

function names(): string {
  return IMPORTERS.map(({ name }) => name).join(', ');
}

function notThat(path: string, what: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.NotATable, {
    happened: `${path}: ${what}`,
    expected,
    action: 'check the file, and --from',
  });
}

async function importCsv(path: string, batch: ImportBatch, importer: Importer): Promise<void> {
  let header: string[] | null = null;
  for await (const cells of csvRows(path)) {
    if (header === null) header = cells.map((name) => name.trim());
    else {
      const row = rowOf(header, cells);
      batch.add(() => importer.row(row, path));
    }
  }
}

function rowOf(header: readonly string[], cells: readonly string[]): SourceRow {
  return Object.fromEntries(header.map((name, i) => [name, (cells[i] ?? '').trim()]));
}

async function importZeek(path: string, batch: ImportBatch): Promise<void> {
  const beside = join(
    dirname(path),
    basename(path)
      .replace(/conn/, 'ssl')
      .replace(/\.labeled$/, ''),
  );
  const ssl = new Map<string, SourceRow>();
  if (beside !== path && existsSync(beside)) {
    for await (const row of zeekRows(beside)) {
      const prefixed = Object.entries(row).map(([name, text]) => [`ssl.${name}`, text]);
      ssl.set(row['uid'] ?? '', Object.fromEntries(prefixed));
    }
  }
  for await (const row of zeekRows(path))
    batch.add(() => ZEEK_CONN.row({ ...row, ...ssl.get(row['uid'] ?? '') }, path));
}

/** Tab-separated, as `#fields` names it; IoT-23 sets its labels off by blanks. */
async function* zeekRows(path: string): AsyncGenerator<SourceRow> {
  let header: string[] = [];
  for await (const lines of readLines(path, LIMITS.batchRows)) {
    for (const line of lines) {
      const cells = line.split(/\t| {3}/);
      if (line.startsWith('#fields')) header = cells.slice(1);
      else if (!line.startsWith('#')) {
        yield rowOf(
          header,
          cells.map((cell) => (cell === '(empty)' ? '' : cell)),
        );
      }
    }
  }
}
