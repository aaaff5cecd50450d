/** What doctor finds, for people. */
import { printable } from '../../core/visible.ts';
import type { Palette, Role } from '../colours.ts';
import { type FittedColumn, fittedTable } from '../fitted-table.ts';
import { counted } from '../numbers.ts';
import type { Check, Status } from './check.ts';

const COLUMNS: readonly FittedColumn[] = [
  { heading: '', alignment: 'left' },
  { heading: 'what', alignment: 'left' },
  { heading: 'found', alignment: 'left', least: 20 },
  { heading: 'for', alignment: 'left', least: 10, dropped: 0 },
];
const ROLES: Readonly<Record<Status, Role>> = { ok: 'ordinary', missing: 'unsure', broken: 'risk' };
const COLOURED: ReadonlySet<number> = new Set([0]);

/** @param width cells of a line; what to do next is never cut */
export function checksText(checks: readonly Check[], width: number, palette: Palette): string {
  const rows = checks.map(({ name, status, found, use }) => ({
    cells: [status, name, found, use],
    role: ROLES[status],
    coloured: COLOURED,
  }));
  const [heading, ...lines] = fittedTable(COLUMNS, rows, width, palette).split('\n');
  const shown = lines.flatMap((line, i) => {
    const { next } = checks[i]!;
    return next === null ? [line] : [line, `         next: ${printable(next)}`];
  });
  return `${[heading, ...shown, '', summary(checks)].join('\n')}\n`;
}

function summary(checks: readonly Check[]): string {
  const counts = (['ok', 'missing', 'broken'] as const).map(
    (status) => `${checks.filter((check) => check.status === status).length} ${status}`,
  );
  const stops = checks.filter(({ isRequired, status }) => isRequired && status !== 'ok').length;
  const fit = stops === 0 ? 'all that is required works' : `${counted(stops, 'required thing')} not working`;
  return `${counts.join(', ')}; ${fit}`;
}
