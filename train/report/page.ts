/** A report as one self-contained page: no scripts, no network, nothing beside it. */
import type { Assessment, Described } from './assessment.ts';
import { Html, html, NOTHING } from './html.ts';
import { type Easel, openEasel } from './plot.ts';
import { auditSection } from './sections/audit.ts';
import { baselineSection } from './sections/baselines.ts';
import { calibrationSection } from './sections/calibration.ts';
import { confusionSection } from './sections/confusion.ts';
import { dataSection } from './sections/data.ts';
import { detectionSection } from './sections/detection.ts';
import { driftSection } from './sections/drift.ts';
import { exampleSection } from './sections/examples.ts';
import { inputSection } from './sections/inputs.ts';
import { madeSection } from './sections/made.ts';
import { prefixSection } from './sections/prefix.ts';
import { header, summary } from './sections/summary.ts';
import { trialSection } from './sections/trials.ts';
import { unknownSection } from './sections/unknowns.ts';
import { STYLE } from './style.ts';

const CONTENTS = {
  data: 'Data',
  confusion: 'Confusion',
  detection: 'False alarms',
  calibration: 'Calibration',
  early: 'How early',
  baselines: 'Baselines',
  inputs: 'Inputs',
  unknown: 'Unknowns',
  trials: 'Seeds and search',
  examples: 'Examples',
  audit: 'Audit',
  drift: 'Drift',
  made: 'How it was made',
} as const;

/** The browser itself keeps the promise that nothing is fetched and nothing runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** @param easel what draws the charts; null for a report with tables alone */
export async function reportPage(
  card: Described,
  assessment: Assessment,
  easel: Promise<Easel | null> = openEasel(),
): Promise<string> {
  const ready = await easel;
  const body = [
    summary(card, assessment),
    ready === null ? noCharts() : NOTHING,
    dataSection(card, assessment),
    confusionSection(card, assessment, ready),
    detectionSection(card, assessment, ready),
    calibrationSection(assessment, ready),
    prefixSection(card, assessment, ready),
    baselineSection(assessment, ready),
    inputSection(assessment, ready),
    unknownSection(assessment),
    trialSection(assessment),
    exampleSection(assessment),
    auditSection(assessment),
    driftSection(assessment),
    madeSection(card, assessment),
  ];
  const text = body.map(String).join('\n');
  const links = Object.entries(CONTENTS)
    .filter(([id]) => text.includes(`<section id="${id}">`))
    .map(([id, name]) => html`<a href="#${id}">${name}</a>`);
  return `<!doctype html>
${html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><title>${card.name} ${card.version}: report</title><style>${new Html(STYLE)}</style></head><body>
${header(card, assessment)}
<nav><div>${links}</div></nav>
<main>
${new Html(text)}
<footer>Written by <code>flowlamp ${assessment.kind === 'training' ? 'train' : 'evaluate'}</code>. docs/report.md says how to read it.</footer>
</main></body></html>`}
`;
}

function noCharts(): Html {
  return html`<div class="box">There are no charts here: the optional packages <code>@observablehq/plot</code> and <code>jsdom</code> are not installed.</div>`;
}
