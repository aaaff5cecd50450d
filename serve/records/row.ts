/** A row of a scored table, cell by cell: what records of other programs are made of. */
import { type Column, type Finding, isNull, type Table } from '../../core/table.ts';
import { textAt } from '../../core/text-column.ts';
import { textListAt } from '../../core/text-list-column.ts';

/** What a record says of the model that judged its row; a model card is one. */
export interface ModelFacts {
  readonly name: string;
  readonly version: string;
  readonly labels: readonly string[];
  /** The label that is a risk; null where none is. */
  readonly positive: string | null;
}

/** Cells by name: undefined where the row has no value, or the table no such column of that type. */
export class Row {
  readonly #table: Table;
  readonly #row: number;

  constructor(table: Table, row: number) {
    this.#table = table;
    this.#row = row;
  }

  text(name: string): string | undefined {
    const column = this.#column(name);
    return column?.type === 'utf8' ? textAt(column, this.#row)! : undefined;
  }

  texts(name: string): string[] | undefined {
    const column = this.#column(name);
    return column?.type === 'list_utf8' ? textListAt(column, this.#row)! : undefined;
  }

  number(name: string): number | undefined {
    const column = this.#column(name);
    if (column === undefined || !('values' in column) || column.type === 'bool') return undefined;
    const value = column.values[this.#row];
    return typeof value === 'number' ? value : undefined;
  }

  /** The numbers of a list; borrowed from the table. */
  numbers(name: string): Int32Array | Float64Array | undefined {
    const column = this.#column(name);
    if (column?.type !== 'list_int32' && column?.type !== 'list_float64') return undefined;
    return column.items.subarray(column.offsets[this.#row], column.offsets[this.#row + 1]);
  }

  flag(name: string): boolean | undefined {
    const column = this.#column(name);
    return column?.type === 'bool' ? column.values[this.#row] === 1 : undefined;
  }

  /** Nanoseconds since 1970. */
  time(name: string): bigint | undefined {
    const column = this.#column(name);
    return column?.type === 'timestamp_ns' ? column.values[this.#row] : undefined;
  }

  findings(name: string): readonly Finding[] {
    const column = this.#column(name);
    return column?.type === 'findings' ? (column.values[this.#row] ?? []) : [];
  }

  #column(name: string): Column | undefined {
    const column = this.#table.columns.get(name);
    return column === undefined || isNull(column, this.#row) ? undefined : column;
  }
}

/** True for a verdict that is a risk by the model's own word. */
export function isRisk(row: Row, { positive }: ModelFacts): boolean {
  return positive !== null && row.text('verdict') === positive;
}

/** The finding that weighs most, for or against; of several the first. */
export function weightiestFinding(findings: readonly Finding[]): Finding | undefined {
  return heaviest(findings, ({ weight }) => Math.abs(weight));
}

/** The finding that speaks most for the positive label, undefined where none does. */
export function strongestFinding(findings: readonly Finding[]): Finding | undefined {
  const strongest = heaviest(findings, ({ weight }) => weight);
  return strongest !== undefined && strongest.weight > 0 ? strongest : undefined;
}

function heaviest(findings: readonly Finding[], weigh: (finding: Finding) => number): Finding | undefined {
  return findings.reduce<Finding | undefined>(
    (best, finding) => (best === undefined || weigh(finding) > weigh(best) ? finding : best),
    undefined,
  );
}

const IANA_NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmp6: 58, sctp: 132 };

/** The number of a flow's protocol (IANA), undefined where it is none that makes flows. */
export function ianaNumber(protocol: string | undefined): number | undefined {
  return protocol === undefined ? undefined : IANA_NUMBERS[protocol];
}

export function isIcmp(protocol: string | undefined): boolean {
  return protocol === 'icmp' || protocol === 'icmp6';
}

/** What a flow speaks, as both EVE and ECS name it; undefined where nothing was recognised. */
export function applicationProtocol(row: Row): 'tls' | 'quic' | 'dtls' | 'http' | 'ssh' | 'dns' | undefined {
  if (row.text('quic_version') !== undefined || row.text('quic_client_version') !== undefined) return 'quic';
  const transport = row.text('tls_transport');
  if (transport !== undefined) return transport === 'tcp' ? 'tls' : transport === 'dtls' ? 'dtls' : 'quic';
  if (row.text('http_version') !== undefined) return 'http';
  if (row.text('ssh_client') !== undefined || row.text('ssh_server') !== undefined) return 'ssh';
  return row.text('dns_query') === undefined ? undefined : 'dns';
}

/** `O=..., CN=...`: what is read of a certificate's subject or issuer. */
export function distinguishedName(row: Row, whose: 'subject' | 'issuer'): string | undefined {
  const parts = [
    ['O', row.text(`cert_${whose}_org`)],
    ['CN', row.text(`cert_${whose}_cn`)],
  ].flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return parts.length === 0 ? undefined : parts.join(', ');
}
