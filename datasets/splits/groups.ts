/** What flows may have in common that would let a model recognise them: groups that a split keeps whole. */
import { getDomain } from 'tldts';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { isNull, type ScalarColumn, type Table, textCell } from '../../core/table.ts';
import { plainCell } from '../../features/text/cell.ts';

/** The groups that have a name of their own; any other name is that of a column. */
export const GROUPS = ['capture', 'client', 'server', 'domain', 'date', 'site', 'row'] as const;

interface Group {
  /** Columns that it is made of, where a table has them. */
  readonly columns: readonly string[];
  /** One of these must be there. */
  readonly needs: readonly string[];
  readonly of: (table: Table) => (row: number) => string;
}

const DAY_NS = 86_400_000_000_000n;

const days = new Map<number, string>();

/** Days since 1970, rounded down before it as after it. */
function dayOf(ns: bigint): number {
  return Number((ns - (((ns % DAY_NS) + DAY_NS) % DAY_NS)) / DAY_NS);
}

/** The date of a day counted from 1970. */
function dayText(day: number): string {
  let text = days.get(day);
  if (text === undefined) {
    text = Math.abs(day) < 1e8 ? new Date(day * 86_400_000).toISOString().replace(/T.*/, '') : `day ${day}`;
    days.set(day, text);
  }
  return text;
}

const domains = new Map<string, string>();

/** `example.co.uk` for `www.example.co.uk`, by the Public Suffix List; of what has no such part the name itself. */
export function registrableDomain(host: string): string {
  let domain = domains.get(host);
  if (domain === undefined) {
    domain = getDomain(host, { allowPrivateDomains: true }) ?? host;
    if (domains.size < 1_000_000) domains.set(host, domain);
  }
  return domain;
}

const NAMED: Readonly<Record<(typeof GROUPS)[number], Group>> = {
  capture: {
    columns: ['capture'],
    needs: ['capture'],
    of: (table) => (row) => textCell(table, 'capture', row) ?? '',
  },
  // Private addresses are the same host only within a site.
  client: {
    columns: ['client', 'src_ip', 'site'],
    needs: ['client', 'src_ip'],
    of: (table) => (row) => {
      const host = textCell(table, 'client', row) ?? textCell(table, 'src_ip', row) ?? '';
      return `${textCell(table, 'site', row) ?? ''} ${host}`;
    },
  },
  server: {
    columns: ['server', 'dst_ip'],
    needs: ['server', 'dst_ip'],
    of: (table) => (row) => textCell(table, 'server', row) ?? textCell(table, 'dst_ip', row) ?? '',
  },
  domain: {
    columns: ['sni', 'http_host', 'dns_name', 'server', 'dst_ip'],
    needs: ['sni', 'http_host', 'dns_name', 'dst_ip'],
    of: (table) => (row) => {
      const host = textCell(table, 'sni', row) ?? textCell(table, 'http_host', row) ?? textCell(table, 'dns_name', row);
      if (host !== null && host !== '') return registrableDomain(host.replace(/:\d+$/, '').toLowerCase());
      return textCell(table, 'server', row) ?? textCell(table, 'dst_ip', row) ?? '';
    },
  },
  date: {
    columns: ['date', 'first_seen'],
    needs: ['date', 'first_seen'],
    of: (table) => {
      const times = table.columns.get('first_seen') as ScalarColumn<'timestamp_ns'> | undefined;
      const hasTime = (row: number) => times !== undefined && times.valid[row] !== 0;
      return (row) => textCell(table, 'date', row) ?? (hasTime(row) ? dayText(dayOf(times!.values[row]!)) : '');
    },
  },
  site: { columns: ['site'], needs: ['site'], of: (table) => (row) => textCell(table, 'site', row) ?? '' },
  row: { columns: [], needs: [], of: () => String },
};

function groupNamed(name: string): Group {
  if (Object.hasOwn(NAMED, name)) return NAMED[name as keyof typeof NAMED];
  return {
    columns: [name],
    needs: [name],
    of: (table) => {
      const column = table.columns.get(name)!;
      return (row) => (isNull(column, row) ? '' : plainCell(column, row));
    },
  };
}

/** Columns that groups of these names are made of. */
export function groupColumns(names: readonly string[]): string[] {
  return names.flatMap((name) => groupNamed(name).columns);
}

/**
 * What a row's group is called, for each of the names.
 *
 * @throws FlowlampError COLUMN_MISSING where the table has nothing to make them of
 */
export function groupReaders(names: readonly string[], table: Table, from: string): ((row: number) => string)[] {
  return names.map((name) => {
    const group = groupNamed(name);
    if (group.needs.length > 0 && !group.needs.some((column) => table.columns.has(column))) {
      throw new FlowlampError(ErrorCode.ColumnMissing, {
        happened: `${from} has nothing to make groups by ${name} of`,
        expected: `a column ${group.needs.join(' or ')}`,
        action: `split by another of ${GROUPS.join(', ')}, or by a column`,
      });
    }
    return group.of(table);
  });
}

/** Joins groups that have a row in common, so that splitting by several things keeps all of them whole. */
export class LinkedGroups {
  #parents = new Int32Array(1024);
  #count = 0;

  /** Makes room for groups with numbers below `count`. */
  grow(count: number): void {
    if (count > this.#parents.length) {
      const larger = new Int32Array(Math.max(count, this.#parents.length * 2));
      larger.set(this.#parents);
      this.#parents = larger;
    }
    for (; this.#count < count; this.#count++) this.#parents[this.#count] = this.#count;
  }

  link(one: number, other: number): void {
    const a = this.rootOf(one);
    const b = this.rootOf(other);
    // The smaller number leads, whatever the order of the links.
    if (a < b) this.#parents[b] = a;
    else this.#parents[a] = b;
  }

  rootOf(group: number): number {
    const parents = this.#parents;
    let root = group;
    while (parents[root] !== root) root = parents[root]!;
    for (let at = group; parents[at] !== root; ) {
      const next = parents[at]!;
      parents[at] = root;
      at = next;
    }
    return root;
  }
}
