/** Reading captures on behalf of a command: progress while it goes on, warnings about what was damaged. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { Damage } from '../features/capture/decoder.ts';
import { type CaptureSummary, extractPieces } from '../features/extract.ts';
import type { BatchReceiver } from '../features/vector/rows.ts';
import type { Console } from './console.ts';
import { byteText, counted, grouped } from './numbers.ts';
import { extractOptions, type FlowOptions } from './options.ts';
import { breathe } from './signals.ts';

/**
 * Reads one capture.
 *
 * @param ordinal which of how many it is, for the progress line
 * @param catchUp awaited between pieces and at the end: what could not be done while batches were handed on
 */
export async function readCapture(
  path: string,
  ordinal: string,
  options: FlowOptions & { readonly label?: string },
  receive: BatchReceiver,
  out: Console,
  catchUp: () => Promise<void> = async () => undefined,
): Promise<CaptureSummary> {
  const started = Date.now();
  const pieces = extractPieces(path, receive, { ...extractOptions(options), label: options.label ?? null });
  for (;;) {
    const next = await pieces.next();
    await catchUp();
    await breathe();
    if (next.done === true) {
      out.endProgress();
      reportFaults(path, next.value, options.strict === true, out);
      return next.value;
    }
    const perSecond = next.value / Math.max(0.001, (Date.now() - started) / 1000);
    out.progress(`${ordinal} ${path}: ${byteText(next.value)}, ${byteText(perSecond)}/s`);
  }
}

/** Warns of a damaged capture, or throws under --strict. */
export function reportFaults(path: string, summary: CaptureSummary, strict: boolean, out: Console): void {
  const faults = faultsOf(summary);
  if (faults.length === 0) return;
  if (!strict) {
    out.warn(`${path}: ${faults.join('; ')}`);
    return;
  }
  throw new FlowlampError(ErrorCode.CaptureDamaged, {
    happened: `${path}: ${faults.join('; ')}`,
    expected: 'a whole capture in which every packet decodes',
    action: 'capture it again, or leave out --strict',
  });
}

function faultsOf({ capture, counters }: CaptureSummary): string[] {
  const faults: string[] = [];
  if (capture.damage !== Damage.None) {
    faults.push(`${capture.damage} after ${counted(capture.frames, 'packet')}; read up to there`);
  }
  const { truncated = 0, malformed = 0, unknown_link: unknownLink = 0 } = counters.drops;
  if (truncated > 0) faults.push(`${counted(truncated, 'packet')} cut off within a header`);
  if (malformed > 0) faults.push(`${counted(malformed, 'packet')} malformed`);
  if (unknownLink > 0) faults.push(`${counted(unknownLink, 'packet')} of a link type that is not read`);
  if (counters.evictedFlows > 0) faults.push(`${counted(counters.evictedFlows, 'flow')} evicted by --max-flows`);
  return faults;
}

/** One line of account over several captures. */
export function accountLine(summaries: readonly CaptureSummary[], seconds: number): string {
  let packets = 0;
  let flows = 0;
  let rows = 0;
  let dropped = 0;
  for (const { counters } of summaries) {
    packets += counters.packets;
    dropped += counters.frames - counters.packets;
    flows += counters.flows;
    rows += counters.rows;
  }
  const left = dropped === 0 ? '' : `, ${grouped(dropped)} belong to no TCP or UDP flow`;
  const parts = rows === flows ? '' : ` in ${counted(rows, 'row')}`;
  return `${counted(summaries.length, 'capture')}: ${counted(packets, 'packet')}${left}; ${counted(flows, 'flow')}${parts}; ${seconds.toFixed(2)} s`;
}
