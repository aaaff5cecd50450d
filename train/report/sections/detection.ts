/** What is found at rates of false alarms that a network can bear, and how much stands behind the claim. */
import type { FalseAlarmClaim } from '../../metrics/false-alarms.ts';
import type { Assessment, Described } from '../assessment.ts';
import { precisionRecallChart, rocChart, type Shown } from '../charts.ts';
import { CLASS_COLOURS, colourOf } from '../colours.ts';
import { figure, Html, html, NOTHING, section, table } from '../html.ts';
import type { Easel } from '../plot.ts';
import { grouped, percent, range, rate } from '../words.ts';

const PREVALENCE_WORDS = ['1 flow in 1,000', '1 in 10,000', '1 in 100,000'] as const;

export function detectionSection(card: Described, assessment: Assessment, easel: Easel | null): Html {
  const { classes } = assessment;
  const order = [...classes.keys()].sort((a, b) => importanceOf(card, classes, b) - importanceOf(card, classes, a));
  const shown: Shown[] = order.slice(0, CLASS_COLOURS).map((k, colour) => ({ ...classes[k]!, colour }));
  const drawn = shown.filter(({ curve }) => curve.length > 0);
  const first = drawn[0];
  return section(
    'detection',
    'Finding it without crying wolf',
    html`<p>Almost all traffic is something else, so a detector lives or dies by its false alarms. A false positive rate of one in a thousand on a network of a million flows a day is a thousand wrong alarms. Each class is judged against all others, by its probability.</p>`,
    easel === null || first === undefined
      ? NOTHING
      : html`${legend(drawn)}<div class="pair">${figure(
          rocChart(
            easel,
            drawn,
            first.claims[0]!.negatives,
            Math.min(...drawn.map(({ claims }) => claims[0]!.negativeGroups)),
          ),
          'ROC. In the shaded part there are fewer independent groups than the rule of three asks for: even without a single false alarm such a rate could not be claimed.',
        )}${figure(precisionRecallChart(easel, drawn), 'Precision and recall at the shares of classes in these data. Where the class is rarer, precision is lower: see the table.')}</div>`,
    claimTable(assessment, shown),
    html`<p class="note"><b>Groups alarmed</b>: of the groups with flows of other classes, how many had a false alarm, and the share that would have one at worst (one-sided 95 % Clopper-Pearson; without any alarm, three over the number of groups). <b>Right alarms</b>: the share of alarms that would be right were the class that rare (Bayes’ rule, with the false positive rate as measured) and, after ≥, at worst: with the upper bound of that rate as if flows were independent. Where no false alarm was seen there is only the latter.</p>`,
  );
}

/** The class that alarms are about first, then those with most flows. */
function importanceOf(card: Described, classes: Assessment['classes'], k: number): number {
  const point = classes[k]!.claims[0]!.point;
  return (card.labels[k] === card.positive ? 1e12 : 0) + (point === null ? 0 : 1e6 - classes[k]!.claims[0]!.negatives);
}

function legend(shown: readonly Shown[]): Html {
  return html`<div class="legend">${shown.map(({ label, colour }) => html`<span><i style="background:${colourOf(colour)}"></i>${label}</span>`)}</div>`;
}

function claimTable({ classes, intervals }: Assessment, shown: readonly Shown[]): Html {
  const rows = shown.flatMap(({ label, claims }) => {
    const k = classes.findIndex((other) => other.label === label);
    return claims.map((claim, i) => {
      const { maxFpr, point, negatives, negativeGroups, alarmedGroups, groupUpper, groupsNeeded, precision } = claim;
      const interval = intervals.classes[k]!.tprAtFpr[i] ?? null;
      const enough = negativeGroups >= groupsNeeded;
      return [
        i === 0 ? html`<b>${label}</b>` : '',
        rate(maxFpr),
        html`${percent(point?.tpr ?? null)}${interval === null ? '' : html`<br><small>${range(interval)}</small>`}`,
        html`${point === null ? '–' : grouped(point.falsePositives)} <small>of ${grouped(negatives)}</small>`,
        html`${grouped(alarmedGroups)} <small>of ${grouped(negativeGroups)}</small><br><small>at worst ${percent(groupUpper)}</small>`,
        new Html(
          enough
            ? '<span class="good">enough groups</span>'
            : `<span class="bad">needs ${grouped(groupsNeeded)} groups</span>`,
        ),
        ...precision.map((worth) => rightAlarms(worth, point?.falsePositives ?? 0)),
      ];
    });
  });
  const headings = [
    'class',
    'false alarms allowed',
    'found',
    'false alarms',
    'groups alarmed',
    'claim',
    ...PREVALENCE_WORDS.map((words, i) => html`${i === 0 ? 'right alarms if ' : ''}${words}`),
  ];
  return table(headings, rows, [5]);
}

/** Without a false alarm the measured precision is no measurement: only what it is at least. */
function rightAlarms({ measured, atWorst }: FalseAlarmClaim['precision'][number], falsePositives: number): Html {
  if (measured === null) return html`–`;
  if (falsePositives === 0) return html`≥ ${percent(atWorst)}`;
  return html`${percent(measured)}<br><small>≥ ${percent(atWorst)}</small>`;
}
