/**
 * Gives the rows of captures their labels by the rules of a manifest, and counts what each rule gave. The first of these
 * that knows a flow decides: the capture's `flows`, the rules in their order, the capture's own label, the default.
 */
import { resolve } from 'node:path';
import { placeText } from '../../core/json-schema.ts';
import type { Table } from '../../core/table.ts';
import { endOf, FlowIndex, protocolName } from './flow-index.ts';
import { captureNamed, type FlowSelector, type Manifest, type ManifestCapture } from './manifest.ts';
import { addressOf, endsOf, flowReader, MATCHED_COLUMNS, type MatchedFlow, rangeOf } from './matched-flow.ts';
import type { Matched, Rule } from './rule.ts';
import { compiled } from './rules.ts';

export interface RowLabel {
  readonly label: string | null;
  /** Which part of the manifest gave it; null where none did. */
  readonly by: string | null;
  /** Site of the flow, where its entry says it. */
  readonly group: string | null;
}

/** How many flows a part of the manifest labelled, and how. */
export interface LabelCount {
  readonly label: string | null;
  readonly by: string | null;
  count: number;
}

export class Labeller {
  readonly manifest: Manifest;
  readonly #rules: readonly Rule[];
  readonly #hits: number[];
  readonly #counts = new Map<string, LabelCount>();
  readonly #captures = new Map<string, ManifestCapture | null>();
  readonly #entries = new Map<ManifestCapture, { readonly index: FlowIndex; readonly matched: Uint8Array }>();

  /** @throws FlowlampError MANIFEST_INVALID for a rule that cannot be understood */
  constructor(manifest: Manifest) {
    this.manifest = manifest;
    this.#rules = manifest.rules.map((rule, index) => compiled(manifest, rule, index));
    this.#hits = this.#rules.map(() => 0);
  }

  /** Columns that rows need. */
  get columns(): string[] {
    return [...new Set([...MATCHED_COLUMNS, ...this.#rules.flatMap(({ columns }) => columns)])];
  }

  /** Labels so far, and what gave them. */
  get counts(): readonly LabelCount[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count);
  }

  /** The manifest's capture that a file is, null if it names none of that place or name. */
  captureOf(file: string): ManifestCapture | null {
    let capture = this.#captures.get(file);
    if (capture === undefined) {
      capture = captureNamed(this.manifest, file);
      this.#captures.set(file, capture);
    }
    return capture;
  }

  /** What labels rows of a batch that are of the capture; each is to be asked for once, as it is counted. */
  labelsOf(capture: ManifestCapture, table: Table): (row: number) => RowLabel {
    const rules = this.#rules.map((rule) =>
      rule.paths === null || rule.paths.has(resolve(capture.path)) ? rule.on(capture, table) : null,
    );
    const { index, matched } = this.#entriesOf(capture);
    const flowAt = flowReader(table);
    return (row) => {
      const found = this.#labelOf(capture, flowAt(row), row, index, matched, rules);
      this.#count(found);
      return found;
    };
  }

  #labelOf(
    capture: ManifestCapture,
    flow: MatchedFlow,
    row: number,
    index: FlowIndex,
    matched: Uint8Array,
    rules: readonly (((row: number, flow: MatchedFlow) => Matched | null) | null)[],
  ): RowLabel {
    const entry = index.find(endsOf(flow), flow.fromUs, flow.untilUs);
    if (entry !== null) {
      matched[entry.entry] = 1;
      return { label: entry.label, by: `captures[${capture.entry}].flows`, group: entry.group };
    }
    for (let i = 0; i < rules.length; i++) {
      const hit = rules[i]?.(row, flow) ?? null;
      if (hit === null) continue;
      this.#hits[i]!++;
      return { label: hit.label, by: `labels[${i}] (${this.#rules[i]!.text})`, group: hit.group };
    }
    if (capture.label !== null) {
      return { label: capture.label, by: `captures[${capture.entry}] (${capture.labelBy})`, group: null };
    }
    const { fallback } = this.manifest;
    return { label: fallback, by: fallback === null ? null : 'default', group: null };
  }

  #count({ label, by }: RowLabel): void {
    const key = `${label ?? ''}\0${by ?? ''}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { label, by, count: 1 });
    else known.count++;
  }

  #entriesOf(capture: ManifestCapture): { readonly index: FlowIndex; readonly matched: Uint8Array } {
    let entries = this.#entries.get(capture);
    if (entries === undefined) {
      entries = { index: new FlowIndex(), matched: new Uint8Array(capture.flows.length) };
      for (const [number, flow] of capture.flows.entries()) {
        const place = ['captures', capture.entry, 'flows', number];
        entries.index.add(
          {
            protocol: protocolName(flow.protocol),
            a: endOf(addressOf(this.manifest, [...place, 'src_ip'], flow.src_ip), flow.src_port),
            b: endOf(addressOf(this.manifest, [...place, 'dst_ip'], flow.dst_ip), flow.dst_port),
          },
          { label: flow.label, entry: number, group: flow.group ?? null, ...rangeOf(this.manifest, place, flow) },
        );
      }
      this.#entries.set(capture, entries);
    }
    return entries;
  }

  /** What matched nothing in all that was labelled. */
  unmatched(): Unmatched[] {
    const missing: Unmatched[] = [];
    for (const [capture, { matched }] of this.#entries) {
      const none = indicesOf(matched, 0);
      if (none.length === 0) continue;
      const first = none[0]!;
      const place = ['captures', capture.entry, 'flows', first];
      const selector = capture.flows[first]!;
      missing.push({
        place,
        text: `${placeText(place)} of ${capture.file}`,
        selector,
        where: null,
        count: none.length,
        isWhole: true,
      });
    }
    this.#rules.forEach((rule, index) => {
      const place = ['labels', index];
      const none = rule.entries === null ? [] : indicesOf(rule.entries.matched, 0);
      const isWhole = this.#hits[index] === 0;
      if (!isWhole && none.length === 0) return;
      const { flow = null, where = null } = this.manifest.rules[index]!;
      const entry = none.length === 0 ? null : { table: rule.entries!, first: none[0]! };
      missing.push({
        place,
        text: `${placeText(place)} (${rule.text})`,
        selector: entry === null ? flow : entry.table.selector(entry.first),
        where: where === null ? null : { expression: where, columns: rule.columns },
        count: Math.max(1, none.length),
        isWhole,
        ...(entry !== null && { shown: entry.table.show(entry.first) }),
      });
    });
    return missing;
  }
}

/** A part of the manifest that matched no flow. */
export interface Unmatched {
  readonly place: readonly (string | number)[];
  readonly text: string;
  /** The flow that was looked for, where it was one. */
  readonly selector: FlowSelector | null;
  /** The expression on columns, where it was one. */
  readonly where: { readonly expression: string; readonly columns: readonly string[] } | null;
  /** How many entries of it match nothing. */
  readonly count: number;
  /** Whether all of it does: an error. A table of labels that knows more flows than the captures hold is a warning. */
  readonly isWhole: boolean;
  /** One of the entries, where they are rows of a table. */
  readonly shown?: string;
}

function indicesOf(values: Uint8Array, wanted: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] === wanted) found.push(i);
  return found;
}
