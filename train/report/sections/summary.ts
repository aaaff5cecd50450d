/** What one should know before anything else: how good, how sure of that, and what speaks against it. */
import type { Assessment, Described } from '../assessment.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { counted, percent, range, rate, share } from '../words.ts';

export function header(card: Described, { kind, data }: Assessment): Html {
  const what = kind === 'training' ? 'trained and cross-validated' : 'judged';
  return html`<header><h1>${card.name} <span style="font-weight:400;color:var(--dim)">${card.version}</span></h1>
<p class="lead">A model that tells ${list(card.labels)} apart, ${what} on ${counted(data.judged, 'flow')} of ${counted(data.groups, 'group')} (${data.groupBy}).</p></header>`;
}

export function summary(card: Described, assessment: Assessment): Html {
  const { metrics, intervals, classes, cost, data } = assessment;
  const target = Math.max(0, card.positive === null ? -1 : card.labels.indexOf(card.positive));
  const claim = classes[target]?.claims.find(({ maxFpr }) => maxFpr === 1e-3);
  const own = intervals.classes[target];
  return html`<section id="summary">
${seen(assessment)}${warned(assessment)}
<div class="tiles">
${tile(share(metrics.macroF1), 'macro-F1', intervals.macroF1 === null ? 'no interval: too few groups' : `95 % ${range(intervals.macroF1)}`)}
${card.positive === null ? NOTHING : tile(percent(claim?.point?.tpr ?? null), `of ${card.positive} found at one false alarm in 1,000`, claimSmall(claim, own?.tprAtFpr[1] ?? null))}
${card.positive === null ? tile(share(metrics.accuracy), 'accuracy', `95 % ${range(intervals.accuracy)}`) : tile(share(metrics.classes[target]!.averagePrecision), `PR-AUC of ${card.positive}`, `95 % ${range(own?.averagePrecision ?? null) || 'no interval'}`)}
${tile(share(metrics.expectedCalibrationError), 'calibration error', '0: probabilities mean what they say')}
${tile(percent(data.judged === 0 ? null : assessment.unknown / data.judged), 'of flows get no verdict', 'the model is not sure enough of them')}
${cost === null ? NOTHING : tile(`${cost.microsecondsPerFlow.toFixed(cost.microsecondsPerFlow < 10 ? 1 : 0)} µs`, 'to score a flow', `on one core, ${counted(cost.flowsPerCall, 'flow')} per call`)}
</div>
${how(assessment)}</section>`;
}

function claimSmall(
  claim: Assessment['classes'][number]['claims'][number] | undefined,
  interval: { readonly low: number; readonly high: number } | null,
): string {
  if (claim === undefined || claim.point === null) return 'nothing to measure it on';
  const text = interval === null ? '' : `95 % ${percent(interval.low)} to ${percent(interval.high)}; `;
  const enough = claim.negativeGroups >= claim.groupsNeeded;
  return `${text}${enough ? '' : 'not supported: '}${counted(claim.negativeGroups, 'group')} of ${claim.groupsNeeded} that ${rate(claim.maxFpr)} needs`;
}

function tile(value: string, what: string, small: string): Html {
  return html`<div class="tile"><b>${value}</b><span>${what}</span><small>${small}</small></div>`;
}

function seen({ data }: Assessment): Html {
  const { seenInTraining } = data;
  if (seenInTraining.length === 0) return NOTHING;
  return html`<div class="box bad"><b>The figures flatter the model.</b> It was trained on ${counted(seenInTraining.length, 'capture')} of these, ${seenInTraining[0]!} among them.</div>`;
}

function warned({ warnings, audit }: Assessment): Html {
  const breaches = audit?.findings.filter(({ level }) => level === 'breach').length ?? 0;
  const all = [
    ...warnings,
    ...(breaches > 0
      ? [
          `The audit found ${counted(breaches, 'breach').replace('breachs', 'breaches')}: see below what gives labels away.`,
        ]
      : []),
  ];
  if (all.length === 0) return NOTHING;
  return html`<div class="box bad"><b>Before you believe it</b><ul>${all.map((text) => html`<li>${text}</li>`)}</ul></div>`;
}

function how({ kind, data, intervals }: Assessment): Html {
  const common = `Intervals come from drawing whole groups anew, ${intervals.draws} times: they say how far figures would swing with other captures of the same kind, not with another network.`;
  if (kind === 'evaluation') {
    return html`<p class="note">Every flow was scored by the finished model as it is. ${common}</p>`;
  }
  return html`<p class="note">Every flow was scored by a model that had seen no flow of the same ${data.groupBy}. The number of rounds, the temperature and the thresholds were chosen on these same answers, so the figures flatter a little; judge the model on captures kept aside (<code>flowlamp evaluate</code>). ${common}</p>`;
}

export function list(names: readonly string[], most = 8): string {
  if (names.length > most) return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
