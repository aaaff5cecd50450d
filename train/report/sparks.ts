/** Pictures as small as words: the messages of a flow, the histogram of an input. */
import type { InputHistogram } from '../../models/reference.ts';
import { Html } from './html.ts';

const MESSAGES = 32;
const BAR = 6;
const HALF = 22;

/** One bar per message: up from the initiator, down from the responder, as high as the square root of its size. */
export function sequenceSpark(sizes: readonly number[]): Html {
  if (sizes.length === 0) return new Html('<span class="note">no sequence in the table</span>');
  const bars = sizes.slice(0, MESSAGES).map((size, i) => {
    const height = Math.max(1.5, HALF * Math.sqrt(Math.min(1, Math.abs(size) / 1460)));
    const y = size >= 0 ? HALF - height : HALF + 1;
    return `<rect x="${i * BAR}" y="${y.toFixed(1)}" width="${BAR - 1.5}" height="${height.toFixed(1)}" class="${size >= 0 ? 'up' : 'dn'}"/>`;
  });
  const width = MESSAGES * BAR;
  const title = sizes.slice(0, MESSAGES).join(' ');
  return new Html(
    `<svg class="spark" width="${width}" height="${2 * HALF + 1}" viewBox="0 0 ${width} ${2 * HALF + 1}" role="img"><title>${title}</title><line x1="0" x2="${width}" y1="${HALF + 0.5}" y2="${HALF + 0.5}"/>${bars.join('')}</svg>`,
  );
}

const BIN = 9;
const HEIGHT = 26;

/** Shares of the bins where the model learnt; as a line, where there are any, those of now. The first bar is missing values. */
export function histogramSpark(then: InputHistogram, now: InputHistogram | null): Html {
  const bars = [then.missing, ...then.shares.map((share) => share * (1 - then.missing))];
  const line = now === null ? null : [now.missing, ...now.shares.map((share) => share * (1 - now.missing))];
  const most = Math.max(0.2, ...bars, ...(line ?? []));
  const y = (share: number) => HEIGHT - (HEIGHT * share) / most;
  const width = bars.length * BIN;
  const rects = bars.map(
    (share, i) =>
      `<rect x="${i * BIN}" y="${y(share).toFixed(1)}" width="${BIN - 1}" height="${(HEIGHT - y(share)).toFixed(1)}" class="${i === 0 ? 'mis' : 'up'}"/>`,
  );
  const steps = line?.map((share, i) => `M${i * BIN} ${y(share).toFixed(1)}h${BIN - 1}`).join('');
  return new Html(
    `<svg class="spark" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" aria-hidden="true">${rects.join('')}${steps === undefined ? '' : `<path d="${steps}"/>`}</svg>`,
  );
}
