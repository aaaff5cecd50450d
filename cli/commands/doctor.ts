/** `flowlamp doctor`: what of this machine can be used. Changes nothing and asks no network. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { jsonDocument } from '../../core/visible.ts';
import { packageVersion } from '../../features/files/package-files.ts';
import { type Palette, paletteFor } from '../colours.ts';
import { captureChecks } from '../doctor/capturing.ts';
import { type Check, isFit } from '../doctor/check.ts';
import { modelChecks } from '../doctor/models.ts';
import { packageChecks } from '../doctor/packages.ts';
import { checksText } from '../doctor/report.ts';
import { systemChecks } from '../doctor/system.ts';
import { type Example, examplesText } from '../examples.ts';
import { printResult } from '../outputs.ts';

const FORMATS = ['table', 'json'] as const;

interface DoctorOptions {
  readonly format: (typeof FORMATS)[number];
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp doctor'],
  ['flowlamp doctor -f json', 'for programs, and for reports of faults'],
  ['flowlamp doctor > /dev/null && flowlamp serve --config serve.yaml', 'exit code 1 if what is required is broken'],
];

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what of this machine can be used: capturing programs, packages, models')
    .addOption(new Option('-f, --format <format>', 'output format').choices(FORMATS).default('table'))
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runDoctor);
}

async function runDoctor({ format }: DoctorOptions): Promise<void> {
  const checks = [...systemChecks(), ...modelChecks(), ...captureChecks(), ...(await packageChecks())];
  printResult(format === 'json' ? checksJson(checks) : checksText(checks, width(), palette()));
  if (!isFit(checks)) throw unfit(checks);
}

function checksJson(checks: readonly Check[]): string {
  return jsonDocument({
    flowlamp: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    fit: isFit(checks),
    checks: checks.map(({ isRequired, ...check }) => ({ ...check, required: isRequired })),
  });
}

function width(): number {
  return process.stdout.columns ?? 120;
}

function palette(): Palette {
  return paletteFor(process.env, process.stdout.isTTY === true);
}

function unfit(checks: readonly Check[]): FlowlampError {
  const [first, ...more] = checks.filter(({ isRequired, status }) => isRequired && status !== 'ok');
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: `${first!.name}: ${first!.found}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
    expected: 'what is required to work',
    action: first!.next ?? '',
  });
}
