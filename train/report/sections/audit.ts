/** What gives labels away. */
import { type Audit, scoreOf } from '../../../datasets/audit/audit.ts';
import type { Assessment } from '../assessment.ts';
import { type Html, html, section, table } from '../html.ts';
import { grouped, percent, share } from '../words.ts';

const MOST_FINDINGS = 12;
const MOST_COLUMNS = 8;

export function auditSection({ audit }: Assessment): Html {
  const title = 'What gives labels away';
  if (audit === null) return section('audit', title, html`<p>Not audited (<code>flowlamp dataset audit</code>).</p>`);
  const order = { breach: 0, warning: 1, accepted: 2 };
  const findings = [...audit.findings].sort((a, b) => order[a.level] - order[b.level]);
  const breaches = findings.filter(({ level }) => level === 'breach').length;
  const shown = findings.slice(0, MOST_FINDINGS);
  const box =
    findings.length === 0
      ? html`<div class="box good">The audit found nothing.</div>`
      : html`<div class="box ${breaches > 0 ? 'bad' : ''}"><ul>${shown.map(({ level, text }) => html`<li><b>${level}</b>: ${text}</li>`)}</ul>${findings.length > shown.length ? html`<p class="note">… and ${findings.length - shown.length} more (<code>flowlamp dataset audit</code>).</p>` : ''}</div>`;
  const { duplicates, shuffle } = audit;
  const part = (count: number) => `${grouped(count)} (${percent(count / Math.max(1, duplicates.compared))})`;
  return section(
    'audit',
    title,
    html`<p>A column that tells the classes apart alone, copies of flows, classes that were captured differently: whatever of it is found, the model may have learnt that instead of behaviour.</p>`,
    box,
    html`<p>Of ${grouped(duplicates.compared)} flows long enough to compare, ${part(duplicates.repeated)} have the sizes and directions of another one, ${part(duplicates.acrossCaptures)} of another capture and ${part(duplicates.acrossClasses)} of another class.${shuffled(shuffle)}</p>`,
    columns(audit),
  );
}

function shuffled(shuffle: Audit['shuffle']): string {
  if (shuffle === null || shuffle.shuffled === null) return '';
  return ` A model that learnt shuffled labels scores AUC ${share(shuffle.shuffled)} (0.5 is expected), against ${share(shuffle.real)} with the true ones.`;
}

function columns({ columns }: Audit): Html {
  const rows = (isInput: boolean) =>
    columns
      .filter((column) => column.isInput === isInput && scoreOf(column) > 0)
      .slice(0, MOST_COLUMNS)
      .map(({ name, rank, heldOut, label }) => [name, share(rank), share(heldOut), label]);
  const headings = (what: string) => [what, 'by value', 'on other captures', 'class'];
  return html`<details><summary>What single columns tell alone (AUC; 0.5 is nothing)</summary><div class="pair">${table(headings('not a model input'), rows(false), [3])}${table(headings('model input'), rows(true), [3])}</div></details>`;
}
