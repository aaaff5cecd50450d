/** Prepares the rules of a manifest: by flow, by columns, by capture, by table. */
import { resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { FlowlampError } from '../../core/errors.ts';
import { nearestFew } from '../../core/json-schema.ts';
import { protocolName } from './flow-index.ts';
import type { FlowSelector, LabelRule, Manifest } from './manifest.ts';
import { addressOf, type MatchedFlow, rangeOf } from './matched-flow.ts';
import type { Matched, Rule } from './rule.ts';
import { tableRule } from './table-rule.ts';
import { type Condition, conditionOf } from './where.ts';

/** @throws FlowlampError MANIFEST_INVALID for a rule that cannot be understood */
export function compiled(manifest: Manifest, rule: LabelRule, index: number): Rule {
  const place = ['labels', index];
  const paths = rule.captures === undefined ? null : pathsOf(manifest, rule.captures, index);
  if (rule.flow !== undefined) return flowRule(manifest, rule, rule.flow, place, paths);
  if (rule.csv !== undefined) return tableRule(manifest, rule, rule.csv, place, paths);
  const matched: Matched = { label: rule.label!, group: null };
  if (rule.where === undefined) {
    return { text: `captures ${rule.captures}`, paths, columns: [], on: () => () => matched, entries: null };
  }
  const condition = conditionAt(manifest, rule.where, index);
  return {
    text: `where ${rule.where}`,
    paths,
    columns: condition.columns,
    on: (_, table) => {
      const fits = condition.on(table);
      return (row) => (fits(row) ? matched : null);
    },
    entries: null,
  };
}

function conditionAt(manifest: Manifest, where: string, index: number): Condition {
  try {
    return conditionOf(where);
  } catch (cause) {
    if (!(cause instanceof FlowlampError)) throw cause;
    throw manifest.wrong(['labels', index, 'where'], `labels[${index}].where: ${cause.happened}`, cause.expected);
  }
}

function pathsOf(manifest: Manifest, pattern: string, index: number): ReadonlySet<string> {
  const found = globSync(pattern, { cwd: manifest.root, absolute: true, dot: false, expandDirectories: false });
  const own = new Set(manifest.captures.map(({ path }) => resolve(path)));
  const paths = new Set(found.map((path) => resolve(path)).filter((path) => own.has(path)));
  if (paths.size > 0) return paths;
  const near = nearestFew(
    pattern,
    manifest.captures.map(({ file }) => file),
    3,
  );
  throw manifest.wrong(
    ['labels', index, 'captures'],
    `labels[${index}].captures: none of the captures matches ${pattern}`,
    near.length > 0 ? `perhaps ${near.join(' or ')}` : 'one of them at least',
  );
}

function flowRule(
  manifest: Manifest,
  rule: LabelRule,
  written: FlowSelector,
  place: (string | number)[],
  paths: ReadonlySet<string> | null,
): Rule {
  const selector = { ...written };
  for (const name of ['src_ip', 'dst_ip'] as const) {
    if (written[name] !== undefined) selector[name] = addressOf(manifest, [...place, 'flow', name], written[name]);
  }
  const { fromUs, untilUs } = rangeOf(manifest, [...place, 'flow'], selector);
  const matched: Matched = { label: rule.label!, group: null };
  const protocol = selector.protocol === undefined ? null : protocolName(selector.protocol);
  const fits = (flow: MatchedFlow, src: string, srcPort: number, dst: string, dstPort: number): boolean =>
    (selector.src_ip ?? src) === src &&
    (selector.src_port ?? srcPort) === srcPort &&
    (selector.dst_ip ?? dst) === dst &&
    (selector.dst_port ?? dstPort) === dstPort &&
    (protocol ?? flow.protocol) === flow.protocol &&
    flow.fromUs <= untilUs &&
    flow.untilUs >= fromUs;
  return {
    text: `flow ${selectorText(selector)}`,
    paths,
    columns: [],
    on: () => (_, flow) =>
      fits(flow, flow.src, flow.srcPort, flow.dst, flow.dstPort) ||
      fits(flow, flow.dst, flow.dstPort, flow.src, flow.srcPort)
        ? matched
        : null,
    entries: null,
  };
}

export function selectorText({ src_ip, src_port, dst_ip, dst_port, protocol }: FlowSelector): string {
  const end = (ip: string | undefined, port: number | undefined) => `${ip ?? '*'}:${port ?? '*'}`;
  return `${protocol === undefined ? '' : `${protocol} `}${end(src_ip, src_port)} - ${end(dst_ip, dst_port)}`;
}
