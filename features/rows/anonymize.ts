/**
 * Tables without the addresses of those whose traffic they tell of (docs/anonymize.md). What would give them back is
 * replaced with them: flow_id is a hash of the addresses, and community_id another.
 */
import type { Digests } from '../../core/digest.ts';
import { type Column, createColumn, type ScalarColumn, type Table } from '../../core/table.ts';
import { appendText, type TextColumn, textAt } from '../../core/text-column.ts';
import { appendTextList, type TextListColumn, textListAt } from '../../core/text-list-column.ts';
import { communityId } from '../fingerprint/community-id.ts';
import { Protocol } from '../packet/packet.ts';
import { parseAddress, textOfAddress } from './address.ts';
import { type AnonymizerKey, cryptoPan, type ReplaceAddress } from './crypto-pan.ts';

/** Columns that community_id is made of. */
export const TUPLE_COLUMNS = ['src_ip', 'src_port', 'dst_ip', 'dst_port', 'protocol'] as const;

const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: Protocol.Tcp,
  udp: Protocol.Udp,
  sctp: Protocol.Sctp,
  icmp: Protocol.Icmp,
  icmp6: Protocol.Icmp6,
};

/** Texts whose replacement is remembered: a server's address stands in thousands of rows. */
const MAX_REMEMBERED = 65_536;

export class Anonymizer {
  readonly #key: AnonymizerKey;
  readonly #digests: Pick<Digests, 'sha1Base64'>;
  readonly #replace: ReplaceAddress;
  readonly #remembered = new Map<string, string | null>();

  constructor(key: AnonymizerKey, digests: Digests) {
    this.#key = key;
    this.#digests = digests;
    this.#replace = cryptoPan(key);
  }

  /** A table of its own columns where they differ; the others are those of the table given. */
  table(table: Table): Table {
    const rows = table.length;
    const columns = new Map<string, Column>();
    for (const [name, column] of table.columns) {
      if (name === 'flow_id' && 'values' in column && column.values instanceof Float64Array) {
        columns.set(name, this.#flowIds(column as ScalarColumn<'uint53'>, rows));
      } else if (name === 'community_id') continue;
      else if (column.type === 'utf8') columns.set(name, this.#texts(column, rows));
      else if (column.type === 'list_utf8') columns.set(name, this.#lists(column, rows));
      else columns.set(name, column);
    }
    if (table.columns.has('community_id')) columns.set('community_id', this.#communityIds(columns, rows));
    return { specs: table.specs, columns, length: rows };
  }

  /** What replaces a text: itself if it holds no address, null if it holds a part of one. */
  text(text: string): string | null {
    const first = text.charCodeAt(0);
    // Digits, `:` and `[`, `a` to `f` and `A` to `F`, or a name for looking up an address.
    const mayBe = (first >= 48 && first <= 58) || first === 91 || /^[a-f]/i.test(text) || /arpa\.?$/i.test(text);
    if (!mayBe) return text;
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    const replaced = this.#replaceIn(text);
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(text, replaced);
    return replaced;
  }

  #replaceIn(text: string): string | null {
    const address = parseAddress(text);
    if (address !== null) return textOfAddress(this.#replace(address));
    const withPort = /^\[([^\]]+)\](:\d+)?$/.exec(text) ?? /^([\d.]+)(:\d+)$/.exec(text);
    const inner = withPort === null ? null : parseAddress(withPort[1]!);
    if (withPort !== null && inner !== null) {
      const shown = textOfAddress(this.#replace(inner));
      return `${text.startsWith('[') ? `[${shown}]` : shown}${withPort[2] ?? ''}`;
    }
    return /(^|\.)(in-addr|ip6)\.arpa\.?$/i.test(text) ? this.#reverseName(text) : text;
  }

  /** `4.3.2.1.in-addr.arpa` and its like for IPv6; a name with fewer labels, or others, would still tell of a network. */
  #reverseName(text: string): string | null {
    const [, labels = '', zone = ''] = /^(.*?)\.?((?:in-addr|ip6)\.arpa\.?)$/i.exec(text) ?? [];
    const parts = labels.split('.').reverse();
    const isIpv4 = /^in-addr/i.test(zone);
    const forward = isIpv4 ? parts.join('.') : (parts.join('').match(/.{4}/g) ?? []).join(':');
    const address = parts.length === (isIpv4 ? 4 : 32) ? parseAddress(forward) : null;
    if (labels === '') return text;
    if (address === null) return null;
    const replaced = this.#replace(address);
    const nibbles = isIpv4
      ? [...replaced].map(String)
      : [...replaced].flatMap((b) => [(b >> 4).toString(16), (b & 15).toString(16)]);
    return `${nibbles.reverse().join('.')}.${zone}`;
  }

  #texts(column: TextColumn, rows: number): TextColumn {
    const out = createColumn('utf8', rows);
    for (let row = 0; row < rows; row++) {
      const text = textAt(column, row);
      appendText(out, row, text === null ? null : this.text(text));
    }
    return out;
  }

  #lists(column: TextListColumn, rows: number): TextListColumn {
    const out = createColumn('list_utf8', rows);
    for (let row = 0; row < rows; row++) {
      const texts = textListAt(column, row)?.flatMap((text) => this.text(text) ?? []) ?? null;
      appendTextList(out, row, texts);
    }
    return out;
  }

  /** 53 bits of a MAC: the same flow has the same number under one key, and nobody without it can try addresses. */
  #flowIds({ values, valid, type }: ScalarColumn<'uint53'>, rows: number): Column {
    const out = createColumn(type, rows);
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    for (let row = 0; row < rows; row++) {
      if (valid[row] === 0) continue;
      view.setFloat64(0, values[row]!);
      const mac = this.#key.mac(bytes);
      const digest = new DataView(mac.buffer, mac.byteOffset, mac.byteLength);
      out.values[row] = (digest.getUint32(0) >>> 11) * 2 ** 32 + digest.getUint32(4);
      out.valid[row] = 1;
    }
    return out;
  }

  /** Of the addresses that stand in the row now; null where the row does not have them all. */
  #communityIds(columns: ReadonlyMap<string, Column>, rows: number): TextColumn {
    const out = createColumn('utf8', rows);
    const text = (name: string, row: number) => {
      const column = columns.get(name);
      return column?.type === 'utf8' ? textAt(column, row) : null;
    };
    const port = (name: string, row: number) => {
      const column = columns.get(name) as ScalarColumn<'uint16'> | undefined;
      return column?.type === 'uint16' && column.valid[row] === 1 ? column.values[row]! : null;
    };
    for (let row = 0; row < rows; row++) {
      const source = parseAddress(text('src_ip', row) ?? '');
      const destination = parseAddress(text('dst_ip', row) ?? '');
      const protocol = PROTOCOLS[text('protocol', row) ?? ''];
      const [from, to] = [port('src_port', row), port('dst_port', row)];
      const isWhole = source !== null && destination !== null && source.length === destination.length;
      const hasAll = isWhole && protocol !== undefined && from !== null && to !== null;
      const digests = this.#digests as Digests;
      appendText(out, row, hasAll ? communityId(source, destination, from, to, protocol, digests) : null);
    }
    return out;
  }
}
