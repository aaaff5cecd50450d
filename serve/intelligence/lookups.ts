/**
 * What lists say of a name, an address or a fingerprint, remembered: the same few come again and again, and most are not
 * listed. Made anew where a feed has another table.
 */

import { remembered } from '../../features/fingerprint/cache.ts';
import { parseAddress } from '../../features/rows/address.ts';
import { enclosing, hostOf } from '../evidence/names/host.ts';
import { endpointText, type IndicatorKind, networkText } from './indicator.ts';
import type { IndicatorFacts, IndicatorTable } from './indicator-table.ts';

/** A table with what findings call its feed. */
export interface NamedTable {
  readonly name: string;
  readonly table: IndicatorTable;
}

/** An indicator that feeds list, and what each of them says of it. */
export interface Listing {
  readonly kind: IndicatorKind;
  readonly value: string;
  readonly entries: readonly { readonly feed: string; readonly facts: IndicatorFacts }[];
}

const NOTHING: readonly Listing[] = Object.freeze([]);

export class Lookups {
  readonly #feeds: readonly NamedTable[];
  readonly #allowed: readonly IndicatorTable[];
  readonly #kinds: ReadonlySet<IndicatorKind>;
  readonly #lengths4: readonly number[];
  readonly #lengths6: readonly number[];
  readonly #ofName = remembered((text) => this.#lookUpName(text));
  readonly #ofAddress = remembered((text) => this.#lookUpAddress(text));

  /** @param allowed what these name is not listed */
  constructor(feeds: readonly NamedTable[], allowed: readonly IndicatorTable[]) {
    this.#feeds = feeds;
    this.#allowed = allowed;
    const tables = [...allowed, ...feeds.map(({ table }) => table)];
    this.#kinds = new Set(feeds.flatMap(({ table }) => [...table.kinds.keys()]));
    this.#lengths4 = [...new Set(tables.flatMap(({ prefixes4 }) => [...prefixes4]))];
    this.#lengths6 = [...new Set(tables.flatMap(({ prefixes6 }) => [...prefixes6]))];
  }

  /** Whether some feed lists anything of one of these kinds. */
  lists(...kinds: readonly IndicatorKind[]): boolean {
    return kinds.some((kind) => this.#kinds.has(kind));
  }

  /** The name, and the domains that it lies in. */
  ofName(text: string): readonly Listing[] {
    return this.#ofName(text);
  }

  /** The address, the networks that it lies in, and it with the port. */
  ofAddress(text: string, port: number | null): readonly Listing[] {
    const found = this.#ofAddress(text);
    if (found === null) return NOTHING;
    if (port === null || !this.#kinds.has('endpoint')) return found;
    const endpoint = this.ofValue('endpoint', endpointText(text, port));
    if (this.#isAllowed('endpoint', endpointText(text, port))) return NOTHING;
    return endpoint.length === 0 ? found : [...endpoint, ...found];
  }

  ofValue(kind: IndicatorKind, value: string): readonly Listing[] {
    return this.#kinds.has(kind) && !this.#isAllowed(kind, value) ? this.#listed(kind, value) : NOTHING;
  }

  #lookUpName(text: string): readonly Listing[] {
    const host = hostOf(text);
    if (host === null) return NOTHING;
    const names = [...enclosing(host.name)];
    return names.some((name) => this.#isAllowed('domain', name)) ? NOTHING : this.#all(names, 'domain');
  }

  /** Null where the address is allowed, and so is every port of it. */
  #lookUpAddress(text: string): readonly Listing[] | null {
    const bytes = parseAddress(text);
    if (bytes === null) return NOTHING;
    const lengths = bytes.length === 4 ? this.#lengths4 : this.#lengths6;
    if (this.#isAllowed('address', text) || lengths.some((length) => this.#isNetworkAllowed(bytes, length)))
      return null;
    const networks = lengths.filter((length) =>
      this.#feeds.some(({ table }) => table.findNetwork(bytes, length) !== null),
    );
    const values = networks.map((length) => networkText({ bytes, length }));
    const listed = [...this.#listed('address', text), ...this.#all(values, 'network')];
    return listed.length === 0 ? NOTHING : listed;
  }

  #isNetworkAllowed(bytes: Uint8Array, length: number): boolean {
    return this.#allowed.some((list) => list.findNetwork(bytes, length) !== null);
  }

  #all(values: readonly string[], kind: IndicatorKind): readonly Listing[] {
    const found = values.flatMap((value) => this.#listed(kind, value));
    return found.length === 0 ? NOTHING : found;
  }

  #listed(kind: IndicatorKind, value: string): readonly Listing[] {
    const entries = this.#feeds.flatMap(({ name, table }) => {
      const facts = table.find(kind, value);
      return facts === null ? [] : [{ feed: name, facts }];
    });
    return entries.length === 0 ? NOTHING : [{ kind, value, entries }];
  }

  #isAllowed(kind: IndicatorKind, value: string): boolean {
    return this.#allowed.some((list) => list.find(kind, value) !== null);
  }
}
