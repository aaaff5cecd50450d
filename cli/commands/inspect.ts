/** `flowlamp inspect`: what is in a capture. */
import type { Command } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Table } from '../../core/table.ts';
import { jsonDocument, printable } from '../../core/visible.ts';
import { STANDARD_INPUT } from '../../features/capture/input.ts';
import type { CaptureSummary } from '../../features/extract.ts';
import { expandInputs } from '../../features/files/inputs.ts';
import { linkTypeName } from '../../features/packet/link.ts';
import { dropsText, readCapture } from '../captures.ts';
import { Console } from '../console.ts';
import { type Example, examplesText } from '../examples.ts';
import { byteText, counted, durationText, grouped, momentText } from '../numbers.ts';
import { addFlowOptions, type FlowOptions, positiveInteger } from '../options.ts';
import { printResult } from '../outputs.ts';
import { textTable } from '../text-table.ts';
import { TrafficTally } from '../traffic-tally.ts';

interface InspectOptions extends FlowOptions {
  readonly top: number;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp inspect capture.pcapng'],
  ['flowlamp inspect capture.pcap --top 3 --json', 'for programs'],
  ["tcpdump -r capture.pcap -w - 'tcp port 443' | flowlamp inspect -", 'of a pipe'],
];

export function addInspectCommand(program: Command): void {
  addFlowOptions(
    program
      .command('inspect')
      .description('what is in a capture: formats, counts, drops, top talkers')
      .argument('<input>', 'a capture, or - for standard input')
      .option('--top <count>', 'talkers, names and ports to list', positiveInteger, 10)
      .option('--json', 'print JSON for programs'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (input: string, options: InspectOptions) => {
      const path = theOnlyCapture(input);
      const tally = new TrafficTally();
      const summary = await readCapture(
        path,
        '1/1',
        options,
        (batch: Table) => tally.add(batch),
        new Console(options.quiet === true),
      );
      const name = path === STANDARD_INPUT ? 'standard input' : path;
      printResult(
        options.json === true
          ? jsonReport(name, summary, tally, options.top)
          : textReport(name, summary, tally, options.top),
      );
    });
}

/** A glob or a folder that comes down to one capture is that capture. */
function theOnlyCapture(input: string): string {
  const paths = expandInputs([input]);
  if (paths.length === 1) return paths[0]!;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${input} stands for ${paths.length} captures`,
    expected: 'one',
    action: `name one of them, such as ${paths[0]}`,
  });
}

function textReport(name: string, summary: CaptureSummary, tally: TrafficTally, top: number): string {
  const { capture, counters, compression } = summary;
  const facts: [string, string][] = [
    ['capture', name],
    ['format', `${capture.format}${compression === 'none' ? '' : `, ${compression}`}, ${byteText(capture.bytes)}`],
    ['interfaces', interfacesText(summary)],
    ['packets', `${grouped(counters.frames)} (${byteText(counters.wireBytes)} on the wire)`],
  ];
  if (counters.firstUs !== null && counters.lastUs !== null) {
    facts.push(['time', spanText(counters.firstUs, counters.lastUs)]);
  }
  facts.push(['flows', `${grouped(counters.flows)}${kindsText(tally)}`]);
  if (capture.cutFrames > 0) facts.push(['cut by snaplen', counted(capture.cutFrames, 'packet')]);
  if (counters.outOfOrderPackets > 0) facts.push(['out of order', counted(counters.outOfOrderPackets, 'packet')]);
  if (capture.reportedDrops > 0) facts.push(['lost at capture', counted(capture.reportedDrops, 'packet')]);
  facts.push(['not in a flow', dropsText(counters.drops) || 'none']);
  if (capture.damage !== 'none') facts.push(['damage', capture.damage]);
  const lines = facts.map(([key, value]) => `${`${key}:`.padEnd(16)}${printable(value)}`);
  for (const section of tally.sections(top)) {
    if (section.rows.length === 0) continue;
    lines.push(
      '',
      textTable(
        [section.title, 'flows', 'packets', 'bytes'],
        section.rows.map((row) => [row.key, grouped(row.flows), grouped(row.packets), byteText(row.bytes)]),
        ['left', 'right', 'right', 'right'],
        60,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

function spanText(firstUs: number, lastUs: number): string {
  if (firstUs === lastUs) return momentText(firstUs);
  return `${momentText(firstUs)} to ${momentText(lastUs)} (${durationText((lastUs - firstUs) / 1e6)})`;
}

function kindsText(tally: TrafficTally): string {
  const kinds = Object.entries(tally.kinds).filter(([, count]) => count > 0);
  return kinds.length === 0 ? '' : ` (${kinds.map(([kind, count]) => `${grouped(count)} ${kind}`).join(', ')})`;
}

function interfacesText({ capture }: CaptureSummary): string {
  if (capture.interfaces.length === 0) return 'none described';
  return capture.interfaces
    .slice(0, 8)
    .map(({ linkType, snapLength, name }) => {
      const snap = snapLength === 0 ? 'no snaplen' : `snaplen ${snapLength}`;
      return `${name === null ? '' : `${name}: `}${linkTypeName(linkType)} (${snap})`;
    })
    .join(', ');
}

function jsonReport(name: string, summary: CaptureSummary, tally: TrafficTally, top: number): string {
  const { capture, compression, counters } = summary;
  const lists = Object.fromEntries(tally.sections(top).map((section) => [section.name, section.rows]));
  return jsonDocument({ capture: name, compression, ...capture, counters, kinds: tally.kinds, ...lists });
}
