/** Flows to look at. */
import type { Example } from '../../study/examples.ts';
import type { Assessment } from '../assessment.ts';
import { type Html, html, NOTHING, section, table } from '../html.ts';
import { sequenceSpark } from '../sparks.ts';
import { bytes, duration, grouped, share } from '../words.ts';

const WHY: Readonly<Record<Example['why'], readonly [string, string]>> = {
  right: ['surest, and right', 'good'],
  missed: ['missed', 'bad'],
  mistaken: ['mistaken for it', 'bad'],
};

export function exampleSection({ examples }: Assessment): Html {
  if (examples.length === 0) return NOTHING;
  const rows = examples.map(({ label, why, truth, predicted, probability, flow }, i) => [
    i > 0 && examples[i - 1]!.label === label ? '' : html`<b>${label}</b>`,
    html`<span class="${WHY[why][1]}">${WHY[why][0]}</span><br><small>${why === 'right' ? '' : `${truth} → ${predicted}, `}p = ${share(probability)}</small>`,
    sequenceSpark(flow.sizes),
    html`${flow.sni ?? html`<span class="note">no server name</span>`}<br><small>${flow.protocol}/${flow.port}, ${grouped(flow.packets)} packets, ${bytes(flow.bytes)}, ${duration(flow.durationUs)}</small>`,
    html`<small>${flow.capture.split(/[\\/]/).at(-1)!}<br>flow ${flow.flowId}</small>`,
  ]);
  return section(
    'examples',
    'Flows to look at',
    html`<p>Of each class what the model is surest of, what it is surest of and wrong about, and what it takes for the class. Bars are the first messages: up from the initiator, down from the responder, as high as the square root of their size.</p>`,
    table(['class', 'why', 'first messages', 'flow', 'where'], rows, [1, 2, 3, 4]),
  );
}
