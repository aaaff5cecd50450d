/** Whether probabilities mean what they say. */
import type { Assessment } from '../assessment.ts';
import { reliabilityChart } from '../charts.ts';
import { figure, type Html, html, section, table } from '../html.ts';
import type { Easel } from '../plot.ts';
import { grouped, share } from '../words.ts';

export function calibrationSection({ metrics, reliability }: Assessment, easel: Easel | null): Html {
  const filled = reliability.filter(({ rows }) => rows > 0);
  const bins = table(
    ['it said', 'flows', 'mean probability', 'were right'],
    filled.map(({ low, high, rows, meanProbability, accuracy }) => [
      `${low.toFixed(2)} to ${high.toFixed(2)}`,
      grouped(rows),
      share(meanProbability),
      share(accuracy),
    ]),
  );
  const text = html`<p>Of flows that the model gives 0.9, nine in ten should be what it says. The expected calibration error is ${share(metrics.expectedCalibrationError)}: the mean gap, over 15 bins of the highest probability.</p>`;
  const drawing =
    easel === null
      ? bins
      : html`<div class="pair">${figure(reliabilityChart(easel, reliability), 'Below the line the model is too sure of itself, above it too timid. Dots are as large as their number of flows; bars are 95 % Wilson intervals as if flows were independent.')}<div>${bins}</div></div>`;
  return section('calibration', 'Whether probabilities mean what they say', text, drawing);
}
