/** Reading captures on behalf of a command: progress while it goes on, warnings about what was damaged. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import { type CaptureAccount, Damage } from '../features/capture/decoder.ts';
import { isIdle, isPipe } from '../features/capture/input.ts';
import type { CaptureSummary } from '../features/extract.ts';
import { layerOfLinkType } from '../features/packet/link.ts';
import type { DROP_NAMES } from '../features/packet/packet.ts';
import type { BatchReceiver } from '../features/vector/rows.ts';
import type { Console } from './console.ts';
import { type CaptureSupply, CapturesHere } from './jobs/capture-supply.ts';
import { byteText, counted, grouped } from './numbers.ts';
import { extractOptions, type ReadingOptions } from './options.ts';
import type { ProgressText } from './run-progress.ts';
import { breathe } from './signals.ts';

/** What can be done while a capture is being read. */
export interface ReadingHooks {
  /**
   * Awaited between pieces and at the end: what could not be done while batches were handed on.
   *
   * @param isIdle true where a live source has nothing to give for now
   */
  readonly catchUp?: (isIdle: boolean) => Promise<void>;
  /** Whether a pipe that pauses hands on the flows that have ended, though they fill no batch. */
  readonly isLive?: boolean;
}

/**
 * Reads one capture.
 *
 * @param progress what to say meanwhile, or which of how many captures it is
 * @param jobs reads it, if it reads captures
 */
export async function readCapture(
  path: string,
  progress: string | ProgressText,
  options: ReadingOptions,
  receive: BatchReceiver,
  out: Console,
  { catchUp = async () => undefined, isLive = false }: ReadingHooks = {},
  jobs: CaptureSupply | null = null,
): Promise<CaptureSummary> {
  const supply = jobs?.has(path) ? jobs : new CapturesHere([path], extractOptions(options));
  const pieces = supply.pieces(path, receive);
  const text = typeof progress === 'string' ? plainProgress(progress, path) : progress;
  const mayPause = isLive && isPipe(path);
  for (;;) {
    const next = await pieces.next();
    await breathe();
    const pauses = mayPause && isIdle(path);
    if (pauses) supply.flush();
    await catchUp(pauses);
    if (next.done === true) {
      out.endProgress();
      reportFaults(path, next.value, options.strict === true, out);
      return next.value;
    }
    out.progress(text(next.value));
  }
}

function plainProgress(ordinal: string, path: string): ProgressText {
  const started = Date.now();
  return (bytes) => {
    const perSecond = bytes / Math.max(0.001, (Date.now() - started) / 1000);
    return `${ordinal} ${path}: ${byteText(bytes)}, ${byteText(perSecond)}/s`;
  };
}

/** Files of a ring may overlap a little, where several threads of a sensor write; packets of two points do for long. */
const WORTH_US = 1e6;

/** Warns of a damaged capture, or throws under --strict. */
export function reportFaults(path: string, summary: CaptureSummary, strict: boolean, out: Console): void {
  const { overlapUs = 0 } = summary;
  if (overlapUs >= WORTH_US) {
    const seconds = (overlapUs / 1e6).toFixed(1);
    out.warn(`${path} begins ${seconds} s before what was read before it ends: merge captures of the same time first`);
  }
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

type DropName = Exclude<(typeof DROP_NAMES)[number], 'ok'>;

/** Each kind of packet that belongs to no flow, in words that follow a number of packets. */
export const DROP_TEXTS: Readonly<Record<DropName, string>> = {
  unknown_link: 'of a link type that is not read',
  not_ip: 'not IP',
  truncated: 'cut off within a header',
  malformed: 'with a header that contradicts itself',
  orphan_fragment: 'of fragments whose first was not seen',
  other_transport: 'neither TCP, UDP, SCTP nor ICMP',
  too_deep: 'with more headers inside each other than are followed',
  opaque: 'of a wireless network, encrypted or management',
};

/** Drops that say that something is wrong with the capture; the others are ordinary traffic. */
const FAULTY: readonly DropName[] = ['truncated', 'malformed', 'too_deep', 'unknown_link'];

/** Why packets belong to no flow: `12 not IP, 3 cut off within a header`; '' if all do. */
export function dropsText(drops: Readonly<Record<string, number>>): string {
  return Object.entries(drops)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${grouped(count)} ${DROP_TEXTS[name as DropName] ?? name}`)
    .join(', ');
}

function faultsOf({ capture, counters }: CaptureSummary): string[] {
  const faults: string[] = [];
  if (capture.damage !== Damage.None) {
    faults.push(`${capture.damage} after ${counted(capture.frames, 'packet')}; read up to there`);
  }
  for (const name of FAULTY) {
    const count = counters.drops[name] ?? 0;
    if (count === 0) continue;
    const which = name === 'unknown_link' ? ` (${unreadLinkTypes(capture).join(', ')})` : '';
    faults.push(`${counted(count, 'packet')} ${DROP_TEXTS[name]}${which}`);
  }
  if (counters.handshakesGivenUp > 0) {
    faults.push(`${counted(counters.handshakesGivenUp, 'TLS handshake')} given up half-read, too many at once`);
  }
  if (counters.streamsGivenUp > 0) {
    faults.push(
      `${counted(counters.streamsGivenUp, 'flow')} of HTTP, SSH, DNS or mining given up half-read, too many at once`,
    );
  }
  if (counters.evictedFlows > 0) faults.push(`${counted(counters.evictedFlows, 'flow')} evicted by --max-flows`);
  return faults;
}

/** Numbers of the link types that are not read: https://www.tcpdump.org/linktypes.html. */
function unreadLinkTypes({ interfaces }: CaptureAccount): number[] {
  const all = interfaces.map(({ linkType }) => linkType);
  return [...new Set(all)].filter((linkType) => layerOfLinkType(linkType) < 0);
}

/** One line of account over several captures. */
export function accountLine(summaries: readonly Pick<CaptureSummary, 'counters'>[], seconds: number): string {
  let packets = 0;
  let flows = 0;
  let rows = 0;
  let early = 0;
  const drops: Record<string, number> = {};
  for (const { counters } of summaries) {
    packets += counters.packets;
    flows += counters.flows;
    rows += counters.rows;
    early += counters.earlyRows;
    for (const [name, count] of Object.entries(counters.drops)) drops[name] = (drops[name] ?? 0) + count;
  }
  const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
  const left = dropped === 0 ? '' : `, ${grouped(dropped)} more in no flow (${dropsText(drops)})`;
  const parts = rows === flows ? '' : ` in ${counted(rows, 'row')}`;
  const order = early === 0 ? '' : `, ${grouped(early)} written before their turn`;
  return `${counted(summaries.length, 'capture')}: ${counted(packets, 'packet')}${left}; ${counted(flows, 'flow')}${parts}${order}; ${seconds.toFixed(2)} s`;
}
