/** An audit for people. */
import { type Audit, type Finding, scoreOf } from '../datasets/audit/audit.ts';
import { counted, grouped } from './numbers.ts';
import { textTable } from './text-table.ts';

const MOST_COLUMNS = 12;

export function auditText(audit: Audit): string {
  const { rows, unlabelled, classes, columns, duplicates, shuffle, sides, heldOutBy } = audit;
  const parts = [`${counted(rows, 'row')}${unlabelled === 0 ? '' : `, ${grouped(unlabelled)} without a label`}`];
  if (sides.length > 1) parts.push(`sides: ${sides.join(', ')}`);
  parts.push('', classTable(classes), '');
  if (classes.length > 1) {
    const inputs = columns.filter(({ isInput }) => isInput).slice(0, MOST_COLUMNS);
    const others = columns.filter(({ isInput }) => !isInput).slice(0, MOST_COLUMNS);
    const held = heldOutBy === 'capture' ? 'other captures' : 'other rows';
    parts.push(
      'What single columns tell alone (AUC, 0.5 is nothing)',
      columnTable('not a model input', others, held),
      '',
    );
    parts.push(columnTable('model input', inputs, held), '');
  }
  const share = (count: number) =>
    `${grouped(count)} (${((100 * count) / Math.max(1, duplicates.compared)).toFixed(1)} %)`;
  parts.push(
    `Same sizes and directions, of ${counted(duplicates.compared, 'flow')} compared: as another flow ${share(duplicates.repeated)}, of another capture ${share(duplicates.acrossCaptures)}, of another class ${share(duplicates.acrossClasses)}${sides.length > 1 ? `, on another side ${share(duplicates.acrossSides)}` : ''}`,
  );
  if (shuffle !== null && shuffle.shuffled !== null) {
    parts.push(
      `Label-shuffle control: AUC ${number(shuffle.shuffled)}, against ${number(shuffle.real)} with the true labels, on captures that were not learnt from`,
    );
  }
  parts.push('', findingsText(audit.findings));
  return `${parts.join('\n')}\n`;
}

export function findingsText(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'No findings.';
  const order = { breach: 0, warning: 1, accepted: 2 };
  const sorted = [...findings].sort((a, b) => order[a.level] - order[b.level]);
  return sorted.map(({ level, text, name }) => `${level.toUpperCase().padEnd(8)} ${text} [${name}]`).join('\n');
}

function classTable(classes: Audit['classes']): string {
  const rows = classes.map(({ label, flows, groups, fromSyn }) => [
    label,
    grouped(flows),
    grouped(groups.capture),
    grouped(groups.client),
    grouped(groups.server),
    fromSyn === null ? '-' : `${Math.round(100 * fromSyn)} %`,
  ]);
  return textTable(['class', 'flows', 'captures', 'clients', 'servers', 'from SYN'], rows, [
    'left',
    'right',
    'right',
    'right',
    'right',
    'right',
  ]);
}

function columnTable(heading: string, columns: Audit['columns'], held: string): string {
  const rows = columns
    .filter((column) => scoreOf(column) > 0)
    .map(({ name, rank, heldOut, label }) => [name, number(rank), number(heldOut), label]);
  return textTable([heading, 'by value', `on ${held}`, 'class'], rows, ['left', 'right', 'right', 'left']);
}

function number(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}
