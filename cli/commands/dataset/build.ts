/** `flowlamp dataset build`: a manifest -> a labelled table. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { Table } from '../../../core/table.ts';
import { type BuildAccount, type BuiltCapture, joinParts } from '../../../datasets/build/build.ts';
import { type CaptureFacts, fileSha256, Parts } from '../../../datasets/build/parts.ts';
import { Labeller } from '../../../datasets/manifest/labeller.ts';
import { loadManifest, type ManifestCapture, requireFiles } from '../../../datasets/manifest/manifest.ts';
import { writeTextFile } from '../../../features/files/output.ts';
import { chooseColumns, TABLE_FORMATS, type TableFormat, TableWriter } from '../../../features/files/table-writer.ts';
import { COLUMNS, FEATURES } from '../../../features/vector/schema.ts';
import { readCapture } from '../../captures.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { openJobs } from '../../jobs/capture-jobs.ts';
import type { CaptureSupply } from '../../jobs/capture-supply.ts';
import { counted, grouped } from '../../numbers.ts';
import { addRowOptions, type RowOptions } from '../../options.ts';
import { formatFor, outputPath, refuseInputAsOutput } from '../../outputs.ts';
import { breathe } from '../../signals.ts';
import { textTable } from '../../text-table.ts';

interface BuildOptions extends RowOptions {
  readonly output: string;
  readonly format?: TableFormat;
  readonly role?: string;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp dataset build manifest.yaml -o table.arrow'],
  [
    'flowlamp dataset build manifest.yaml --role test -o test.parquet --emit end --emit prefix:20',
    'also the first 20 packets of each flow',
  ],
];

export function addBuildCommand(dataset: Command): void {
  addRowOptions(
    dataset
      .command('build')
      .description('a manifest -> a labelled table')
      .argument('<manifest>', 'captures and how their flows are labelled, YAML or JSON (docs/datasets.md)')
      .requiredOption('-o, --output <file>', 'the table to write')
      .addOption(new Option('-f, --format <format>', 'output format').choices(TABLE_FORMATS))
      .option('--role <role>', 'only captures of this role: train, test'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runBuild);
}

async function runBuild(path: string, options: BuildOptions): Promise<void> {
  const out = new Console(options.quiet === true);
  requireFile(options.output);
  const manifest = loadManifest(path);
  const labeller = new Labeller(manifest);
  const captures = ofRole(manifest.captures, options.role, path);
  requireFiles(manifest, captures);
  const format = formatFor(options.output, options.format) ?? 'arrow';
  refuseInputAsOutput(options.output, [path, ...captures.map((capture) => capture.path)]);
  const names = [...new Set([...FEATURES.map(({ name }) => name), ...labeller.columns])];
  const specs = chooseColumns(
    COLUMNS,
    COLUMNS.map(({ name }) => name).filter((name) => names.includes(name)),
  );
  const { idleTimeout, activeTimeout, maxFlows, keyVlan = false, emit = null } = options;
  const parts = new Parts(options.output, { idleTimeout, activeTimeout, maxFlows, keyVlan, emit }, specs);
  const built = await extractAll(captures, parts, { ...options, rowColumns: names }, specs, out);
  const account = await joinParts(options.output, format, FEATURES, parts, built, labeller, async (capture) => {
    out.progress(`labelling ${capture.file}`);
    await breathe();
  });
  out.endProgress();
  const report = `${options.output.replace(/\.[a-z]+$/i, '')}.build.json`;
  writeReport(report, path, manifest.name, built, account);
  parts.remove();
  for (const warning of account.warnings) out.warn(warning);
  sayAccount(account, out);
  out.say(`wrote ${options.output} (${format}) and ${report}`);
}

/** @throws FlowlampError OPTION_INVALID for standard output, where no build could go on */
function requireFile(output: string): void {
  if (outputPath(output) !== null) return;
  throw new FlowlampError(ErrorCode.OptionInvalid, {
    happened: 'a build is not written to standard output: it could not go on where it was stopped',
    expected: 'a file',
    action: 'name one with -o',
  });
}

function ofRole(captures: readonly ManifestCapture[], role: string | undefined, path: string): ManifestCapture[] {
  const chosen = captures.filter((capture) => role === undefined || capture.role === role);
  if (chosen.length > 0) return chosen;
  const roles = [...new Set(captures.map((capture) => capture.role ?? '(none)'))];
  throw new FlowlampError(ErrorCode.NothingFound, {
    happened: `${path} names no captures${role === undefined ? '' : ` of role ${role}`}`,
    expected: captures.length === 0 ? 'one at least' : `captures of one of its roles: ${roles.join(', ')}`,
    action: captures.length === 0 ? 'add captures' : 'correct --role',
  });
}

/** Reads the captures that no part is there of. */
async function extractAll(
  captures: readonly ManifestCapture[],
  parts: Parts,
  reading: RowOptions & { readonly rowColumns: readonly string[] },
  specs: Parameters<typeof TableWriter.open>[2],
  out: Console,
): Promise<BuiltCapture[]> {
  parts.make();
  const known = captures.map((capture) => parts.factsOf(capture));
  const resumed = known.filter((facts) => facts !== null).length;
  if (resumed > 0) out.say(`going on: ${grouped(resumed)} of ${counted(captures.length, 'capture')} already extracted`);
  const missing = captures.filter((_, i) => known[i] === null).map(({ path }) => path);
  const jobs = openJobs(missing, reading);
  const built: BuiltCapture[] = [];
  try {
    for (const [index, capture] of captures.entries()) {
      const ordinal = `${bar(index, captures.length)} ${index + 1}/${captures.length}`;
      const sha256 = known[index]?.sha256 ?? (await checkedSha256(capture));
      requireSha256(capture, sha256);
      const facts = known[index] ?? (await extractOne(capture, sha256, ordinal, parts, reading, specs, out, jobs));
      built.push({ capture, facts });
    }
  } finally {
    await jobs?.close();
  }
  return built;
}

function bar(done: number, all: number): string {
  const filled = Math.round((20 * done) / Math.max(1, all));
  return `[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}]`;
}

async function checkedSha256(capture: ManifestCapture): Promise<string> {
  const sha256 = await fileSha256(capture.path);
  requireSha256(capture, sha256);
  return sha256;
}

function requireSha256(capture: ManifestCapture, sha256: string): void {
  if (capture.sha256 === null || capture.sha256 === sha256) return;
  throw new FlowlampError(ErrorCode.ManifestInvalid, {
    happened: `${capture.path} is another file than the manifest means: its SHA-256 is ${sha256}`,
    expected: capture.sha256,
    action: 'get the file again, or correct sha256',
  });
}

async function extractOne(
  capture: ManifestCapture,
  sha256: string,
  ordinal: string,
  parts: Parts,
  reading: RowOptions & { readonly rowColumns: readonly string[] },
  specs: Parameters<typeof TableWriter.open>[2],
  out: Console,
  jobs: CaptureSupply | null,
): Promise<CaptureFacts> {
  const writer = await TableWriter.open(parts.tableOf(capture), 'arrow', specs);
  try {
    const receive = (batch: Table) => writer.write(batch);
    const { capture: read, counters } = await readCapture(capture.path, ordinal, reading, receive, out, {}, jobs);
    writer.finish();
    const facts: CaptureFacts = {
      sha256,
      bytes: read.bytes,
      format: read.format,
      linkTypes: [...new Set(read.interfaces.map(({ linkType }) => linkType))],
      snapLength: Math.max(0, ...read.interfaces.map(({ snapLength }) => snapLength)),
      packets: counters.packets,
      cutPackets: read.cutFrames,
      flows: counters.flows,
      rows: counters.rows,
    };
    parts.keep(capture, facts);
    return facts;
  } finally {
    writer.abandon();
  }
}

function sayAccount({ rows, dropped, counts }: BuildAccount, out: Console): void {
  const perLabel = new Map<string | null, number>();
  for (const { label, count } of counts) perLabel.set(label, (perLabel.get(label) ?? 0) + count);
  const labels = [...perLabel].sort(([, a], [, b]) => b - a);
  const table = labels.flatMap(([label, all]) =>
    counts
      .filter((part) => part.label === label)
      .map(({ by, count }, i) => [
        i === 0 ? (label ?? '(none)') : '',
        i === 0 ? grouped(all) : '',
        by ?? '(nothing)',
        grouped(count),
      ]),
  );
  out.say(textTable(['label', 'flows', 'labelled by', 'flows'], table, ['left', 'right', 'left', 'right'], 60));
  out.say(`${counted(rows, 'row')}${dropped === 0 ? '' : `, ${grouped(dropped)} without a label dropped`}`);
}

function writeReport(
  path: string,
  manifest: string,
  name: string | null,
  built: readonly BuiltCapture[],
  account: BuildAccount,
): void {
  const captures = built.map(({ capture, facts }) => {
    const { file, role, site, client, server, date, origin, licence } = capture;
    return { file, role, site, client, server, date, origin, licence, ...facts };
  });
  writeTextFile(path, `${JSON.stringify({ version: 1, name, manifest, ...account, captures }, null, 2)}\n`);
}
