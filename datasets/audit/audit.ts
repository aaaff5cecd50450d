/** What is wrong with a labelled table as a thing to learn from or to judge by. */
import { featureNamed } from '../../features/vector/schema.ts';
import { foldsByGroup } from '../split.ts';
import { aloneOf } from './alone.ts';
import { type AuditCollector, COUNTED_GROUPS, type CountedGroup } from './collect.ts';

export const AUDIT_VERSION = 1;

/** A breach makes a figure worthless; a warning needs a word of explanation beside it. */
export type Level = 'breach' | 'warning' | 'accepted';

export interface Finding {
  readonly level: Level;
  /** What `--allow` takes: a column, or the name of a check. */
  readonly name: string;
  readonly check: 'alone' | 'groups' | 'duplicates' | 'crossing' | 'artefact' | 'shuffle';
  readonly text: string;
}

export interface ColumnScore {
  readonly name: string;
  readonly isInput: boolean;
  readonly rank: number | null;
  readonly heldOut: number | null;
  /** The class that it tells best. */
  readonly label: string;
}

export interface ClassCount {
  readonly label: string;
  readonly flows: number;
  readonly groups: Readonly<Record<CountedGroup, number>>;
  /** Share of TCP flows that were seen from their SYN; null without TCP. */
  readonly fromSyn: number | null;
}

export interface Audit {
  readonly version: typeof AUDIT_VERSION;
  readonly target: string;
  readonly rows: number;
  readonly unlabelled: number;
  readonly sides: readonly string[];
  readonly classes: readonly ClassCount[];
  /** Highest first. */
  readonly columns: readonly ColumnScore[];
  /** Whether the halves of held-out figures share no capture. */
  readonly heldOutBy: 'capture' | 'row';
  readonly duplicates: {
    /** Rows with a sequence long enough to be compared. */
    readonly compared: number;
    /** Of these, rows whose sequence another row has too; of another capture; on another side; of another class. */
    readonly repeated: number;
    readonly acrossCaptures: number;
    readonly acrossSides: number;
    readonly acrossClasses: number;
  };
  /** Groups with rows on more than one side. */
  readonly crossing: Readonly<Record<CountedGroup, number>>;
  readonly artefacts: readonly {
    readonly name: string;
    readonly difference: number;
    readonly values: Readonly<Record<string, Readonly<Record<string, number>>>>;
  }[];
  /** What a model scores whose labels were shuffled: half, if nothing leaks; null where none was trained. */
  readonly shuffle: {
    readonly real: number | null;
    readonly shuffled: number | null;
    /** Standard error of what it scores by chance. */
    readonly error: number;
  } | null;
  readonly findings: readonly Finding[];
}

export interface AuditOptions {
  /** From here on a column alone gives the label away. */
  readonly maxAuc: number;
  /** Columns and checks whose findings are accepted. */
  readonly allow: readonly string[];
  readonly shuffle: Audit['shuffle'];
}

export const AUDIT_DEFAULTS: AuditOptions = { maxAuc: 0.99, allow: [], shuffle: null };

/** Fewer independent captures of a class than this say little. */
const FEW_GROUPS = 5;
/** Shares of flows by which classes may differ in how they were captured. */
const DIFFERENCE = { warning: 0.5, breach: 0.9 } as const;
/** Share of rows whose sequence stands on another side as well. */
const CROSSING_DUPLICATES = { warning: 0, breach: 0.01 } as const;
/** What shuffled labels may score beside a half, in AUC and in standard errors: few rows stray further by chance. */
const SHUFFLE_TOLERANCE = { auc: 0.1, errors: 4 } as const;

export function auditOf(collected: AuditCollector, options: AuditOptions = AUDIT_DEFAULTS): Audit {
  const names = collected.classes.texts;
  const { halves, by } = halvesOf(collected);
  const rowsOf = new Int32Array(names.length);
  for (const label of collected.sampleLabels) rowsOf[label]!++;
  const sample = {
    labels: collected.sampleLabels,
    rowsOf,
    classCount: names.length,
    weights: collected.weights,
    halves,
  };
  const columns = collected.scanned
    .map(({ name, isInput, isCategory }, i): ColumnScore => {
      const { rank, heldOut, label } = aloneOf(collected.sampleValues(i), isCategory, sample);
      return { name, isInput, rank, heldOut, label: names[label] ?? '' };
    })
    .sort((a, b) => scoreOf(b) - scoreOf(a));
  const classes = names.map((label, k): ClassCount => {
    const { flows, groups, tcp, withSyn } = collected.facts[k]!;
    const counts = { capture: groups.capture.size, client: groups.client.size, server: groups.server.size };
    return { label, flows, groups: counts, fromSyn: tcp === 0 ? null : withSyn / tcp };
  });
  const audit: Omit<Audit, 'findings'> = {
    version: AUDIT_VERSION,
    target: collected.target,
    rows: collected.rows,
    unlabelled: collected.unlabelled,
    sides: collected.sides.texts,
    classes,
    columns,
    heldOutBy: by,
    duplicates: duplicatesOf(collected),
    crossing: crossingOf(collected),
    artefacts: artefactsOf(collected),
    shuffle: options.shuffle,
  };
  const findings = findingsOf(audit, options).map((finding): Finding => {
    return options.allow.includes(finding.name) ? { ...finding, level: 'accepted' } : finding;
  });
  return { ...audit, findings };
}

/** The higher of both figures: what one who wanted to could get out of the column. */
export function scoreOf({ rank, heldOut }: ColumnScore): number {
  return Math.max(rank ?? 0, heldOut ?? 0);
}

/** Halves of the sample without a common capture; of single captures halves of the rows. */
function halvesOf(collected: AuditCollector): { readonly halves: Uint8Array; readonly by: 'capture' | 'row' } {
  const { sampleLabels, sampleCaptures, groups, classes } = collected;
  if (groups.capture.size < 2) return { halves: Uint8Array.from(sampleLabels, (_, row) => row & 1), by: 'row' };
  const folds = foldsByGroup(sampleCaptures, groups.capture.size, sampleLabels, classes.size, 2, 1);
  return { halves: Uint8Array.from(folds), by: 'capture' };
}

function duplicatesOf({ sequences, compared }: AuditCollector): Audit['duplicates'] {
  let repeated = 0;
  let acrossCaptures = 0;
  let acrossSides = 0;
  let acrossClasses = 0;
  for (const { rows, sides, isElsewhere, isMixed } of sequences.values()) {
    if (rows < 2) continue;
    repeated += rows;
    if (isElsewhere) acrossCaptures += rows;
    if ((sides & (sides - 1)) !== 0) acrossSides += rows;
    if (isMixed) acrossClasses += rows;
  }
  return { compared, repeated, acrossCaptures, acrossSides, acrossClasses };
}

function crossingOf({ sidesOfGroup }: AuditCollector): Audit['crossing'] {
  const count = (name: CountedGroup) =>
    [...sidesOfGroup[name].values()].filter((bits) => (bits & (bits - 1)) !== 0).length;
  return { capture: count('capture'), client: count('client'), server: count('server') };
}

const CLOCKS = ['s', 'ms', 'us', 'ns'] as const;
const PACKET_SIZES = [576, 1280, 1420, 1500] as const;

function artefactsOf(collected: AuditCollector): Audit['artefacts'] {
  const names = collected.classes.texts;
  const byName = new Map<string, Map<string, number>[]>();
  const count = (name: string, label: number, value: string, flows: number) => {
    const perClass = byName.get(name) ?? names.map(() => new Map<string, number>());
    byName.set(name, perClass);
    perClass[label]!.set(value, (perClass[label]!.get(value) ?? 0) + flows);
  };
  collected.facts.forEach(({ tcp, withSyn, artefacts }, label) => {
    if (tcp > 0) count('start', label, 'from the SYN', withSyn);
    if (tcp > 0) count('start', label, 'mid-flow', tcp - withSyn);
    for (const [name, values] of artefacts) for (const [value, flows] of values) count(name, label, value, flows);
  });
  for (const { clock, largest, rowsPerClass } of collected.captures.values()) {
    const size = PACKET_SIZES.find((most) => largest <= most);
    for (const [label, flows] of rowsPerClass) {
      count('clock', label, CLOCKS[clock]!, flows);
      if (largest > 0) count('largest packet', label, size === undefined ? 'more than 1500' : `up to ${size}`, flows);
    }
  }
  return [...byName].map(([name, perClass]) => ({
    name,
    difference: differenceOf(perClass),
    values: Object.fromEntries(names.map((label, k) => [label, Object.fromEntries(perClass[k]!)])),
  }));
}

/** The largest distance (half the sum of differences of shares) between a class and all others together. */
function differenceOf(perClass: readonly ReadonlyMap<string, number>[]): number {
  const values = new Set(perClass.flatMap((counts) => [...counts.keys()]));
  const totals = perClass.map((counts) => [...counts.values()].reduce((sum, flows) => sum + flows, 0));
  const all = totals.reduce((sum, flows) => sum + flows, 0);
  let largest = 0;
  perClass.forEach((counts, k) => {
    const rest = all - totals[k]!;
    if (totals[k] === 0 || rest === 0) return;
    let sum = 0;
    for (const value of values) {
      const own = counts.get(value) ?? 0;
      const others = perClass.reduce((flows, other) => flows + (other.get(value) ?? 0), 0) - own;
      sum += Math.abs(own / totals[k]! - others / rest);
    }
    largest = Math.max(largest, sum / 2);
  });
  return largest;
}

function findingsOf(audit: Omit<Audit, 'findings'>, { maxAuc }: AuditOptions): Finding[] {
  return [
    ...aloneFindings(audit, maxAuc),
    ...groupFindings(audit),
    ...crossingFindings(audit),
    ...duplicateFindings(audit),
    ...artefactFindings(audit),
    ...shuffleFindings(audit),
  ];
}

/** What was taken of a column, behind its name. */
const MADE_OF = /( \(length\)|\[0\])$/;

function aloneFindings({ columns, classes, heldOutBy }: Omit<Audit, 'findings'>, maxAuc: number): Finding[] {
  if (classes.length < 2) return [];
  return columns
    .filter((column) => scoreOf(column) >= maxAuc)
    .map(({ name, isInput, rank, heldOut, label }) => {
      const parts = [
        rank === null ? '' : `AUC ${rank.toFixed(3)} by its value`,
        heldOut === null ? '' : `${heldOut.toFixed(3)} on other ${heldOutBy === 'capture' ? 'captures' : 'rows'}`,
      ];
      const text = `${name} alone tells ${label} from the rest (${parts.filter((part) => part !== '').join(', ')})`;
      const own = name.replace(MADE_OF, '');
      const leaks = featureNamed(own)?.leaks ?? '';
      const known = leaks === '' ? '' : `; known of it: ${leaks.replace(/\.$/, '')}`;
      const use = isInput ? 'models read it' : 'no model here reads it, but what goes along with it does';
      return {
        level: 'breach',
        name: own,
        check: 'alone',
        text: `${text}; ${use}${known}`,
      };
    });
}

function groupFindings({ classes }: Omit<Audit, 'findings'>): Finding[] {
  const findings: Finding[] = [];
  if (classes.length < 2) {
    findings.push({ level: 'breach', name: 'classes', check: 'groups', text: 'there is only one class' });
  }
  for (const { label, flows, groups } of classes) {
    const { capture } = groups;
    if (capture >= FEW_GROUPS) continue;
    const level = capture < 2 ? 'breach' : 'warning';
    const what =
      capture < 2 ? 'its flows cannot be told from its capture' : `${capture} independent captures say little`;
    findings.push({
      level,
      name: 'groups',
      check: 'groups',
      text: `${label}: ${flows} flows of ${capture} capture${capture === 1 ? '' : 's'}: ${what}`,
    });
  }
  return findings;
}

function crossingFindings({ crossing, sides }: Omit<Audit, 'findings'>): Finding[] {
  if (sides.length < 2) return [];
  return COUNTED_GROUPS.filter((name) => crossing[name] > 0).map((name) => ({
    level: name === 'capture' ? 'breach' : 'warning',
    name: `crossing-${name}`,
    check: 'crossing',
    text: `${crossing[name]} ${name}${crossing[name] === 1 ? ' has' : 's have'} flows on more than one side of the split`,
  }));
}

function duplicateFindings({ duplicates }: Omit<Audit, 'findings'>): Finding[] {
  const { compared, repeated, acrossSides, acrossClasses } = duplicates;
  if (compared === 0) return [];
  const findings: Finding[] = [];
  const share = acrossSides / compared;
  const percent = (count: number) => `${((100 * count) / compared).toFixed(1)} %`;
  if (share > CROSSING_DUPLICATES.warning) {
    const level = share > CROSSING_DUPLICATES.breach ? 'breach' : 'warning';
    const text = `${acrossSides} flows (${percent(acrossSides)}) have the sizes and directions of flows on another side`;
    findings.push({ level, name: 'duplicates', check: 'duplicates', text });
  }
  if (repeated / compared > 0.5) {
    const text = `${repeated} flows (${percent(repeated)}) have the sizes and directions of another one`;
    findings.push({ level: 'warning', name: 'repeated', check: 'duplicates', text });
  }
  if (acrossClasses > 0) {
    const text = `${acrossClasses} flows (${percent(acrossClasses)}) have the sizes and directions of flows of another class`;
    findings.push({ level: 'warning', name: 'ambiguous', check: 'duplicates', text });
  }
  return findings;
}

function artefactFindings({ artefacts }: Omit<Audit, 'findings'>): Finding[] {
  return artefacts
    .filter(({ difference }) => difference >= DIFFERENCE.warning)
    .map(({ name, difference, values }) => {
      const shown = Object.entries(values).map(([label, counts]) => `${label} ${mostly(counts)}`);
      return {
        level: difference >= DIFFERENCE.breach ? 'breach' : 'warning',
        name,
        check: 'artefact',
        text: `classes were captured differently, ${name} (distance ${difference.toFixed(2)}): ${shown.slice(0, 4).join('; ')}`,
      };
    });
}

function mostly(counts: Readonly<Record<string, number>>): string {
  const total = Object.values(counts).reduce((sum, flows) => sum + flows, 0);
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return sorted
    .slice(0, 2)
    .map(([value, flows]) => `${value} ${Math.round((100 * flows) / total)} %`)
    .join(', ');
}

function shuffleFindings({ shuffle }: Omit<Audit, 'findings'>): Finding[] {
  const { shuffled = null, error = 0 } = shuffle ?? {};
  const tolerance = Math.max(SHUFFLE_TOLERANCE.auc, SHUFFLE_TOLERANCE.errors * error);
  if (shuffled === null || Math.abs(shuffled - 0.5) <= tolerance) return [];
  const text = `a model that learnt shuffled labels scores AUC ${shuffled.toFixed(3)} where 0.5 is expected`;
  return [{ level: 'breach', name: 'shuffle', check: 'shuffle', text }];
}
