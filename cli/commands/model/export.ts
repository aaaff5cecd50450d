/** `flowlamp model export`: a model as a folder, as one file, or as bare ONNX with its map. */
import type { Command } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { Output } from '../../../features/files/output.ts';
import { readModelFiles, writeModelFiles } from '../../../models/folder.ts';
import { mapOf } from '../../../models/import/map-of.ts';
import { writeTar } from '../../../models/tar.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { addRegistryOption, loadCarded, type RegistryOptions } from './registry-option.ts';

interface ExportOptions extends RegistryOptions {
  readonly output: string;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp model export mining -o mining.tar'],
  ['flowlamp model export mining -o mining.onnx', 'for other programs that run ONNX'],
];

export function addExportCommand(model: Command): void {
  addRegistryOption(
    model
      .command('export')
      .description('a model -> folder, .tar, or .onnx with a map')
      .argument('<model>', 'a model folder, name@version, or the name of a model that ships')
      .requiredOption('-o, --output <path>', 'a folder, a file.tar, or a file.onnx (beside it comes file.map.json)'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runExport);
}

function runExport(request: string, options: ExportOptions): void {
  const { card, onnx, path } = loadCarded(request, options);
  const { output } = options;
  const written = [output];
  if (/\.onnx$/i.test(output)) {
    const map = output.replace(/\.onnx$/i, '.map.json');
    write(map, new TextEncoder().encode(`${JSON.stringify(mapOf(card), null, 2)}\n`));
    write(output, onnx);
    written.push(map);
  } else if (/\.tar$/i.test(output)) write(output, writeTar(readModelFiles(path)));
  else if (/\.(tgz|gz|zip|zst|json)$/i.test(output)) throw otherForm(output);
  else writeModelFiles(output, readModelFiles(path));
  new Console(options.quiet === true).say(`wrote ${card.name}@${card.version} to ${written.join(' and ')}`);
}

function write(path: string, bytes: Uint8Array): void {
  const output = new Output(path);
  try {
    output.write(bytes);
    output.finish();
  } finally {
    output.abandon();
  }
}

function otherForm(path: string): FlowlampError {
  return new FlowlampError(ErrorCode.FormatUnknown, {
    happened: `${path} ends like a form that is not written`,
    expected: 'a folder, .tar or .onnx',
    action: 'choose another name for -o',
  });
}
