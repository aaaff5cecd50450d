/** `flowlamp model import`: models from elsewhere, and our own into the registry. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { packageVersion } from '../../../features/files/package-files.ts';
import {
  checkModelFiles,
  checkModelFolder,
  type ModelFiles,
  modelFiles,
  readModelFiles,
  writeModelFiles,
} from '../../../models/folder.ts';
import { importOnnx } from '../../../models/import/import-onnx.ts';
import { readModelMap } from '../../../models/import/map.ts';
import { ModelLimits } from '../../../models/limits.ts';
import { registerModel } from '../../../models/registry.ts';
import { readTar } from '../../../models/tar.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { counted } from '../../numbers.ts';
import { addRegistryOption, type RegistryOptions, rootOf } from './registry-option.ts';

export interface ImportCommandOptions extends RegistryOptions {
  readonly map?: string;
  readonly output?: string;
  readonly name?: string;
  readonly modelVersion?: string;
}

interface ModelToFile {
  readonly files: ModelFiles;
  readonly warnings: readonly string[];
  /** What was found out about it, null for nothing. */
  readonly note: string | null;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp model import xgboost.onnx --map map.json -o my-model', 'into a folder'],
  ['flowlamp model import mining.tar', 'into the registry'],
];

export function addImportCommand(model: Command): void {
  addRegistryOption(
    model
      .command('import')
      .description('an ONNX classifier with a map, a model folder or an archive -> registry or folder')
      .argument('<file>', 'an .onnx file, a model folder, or a .tar that `model export` wrote')
      .option('--map <file>', 'of an .onnx file: how its inputs map to columns (docs/model.md)')
      .option('-o, --output <folder>', 'write a model folder instead of filing it in the registry')
      .option('--name <name>', 'of an .onnx file: name of the model (default: as the map says, or the file is called)')
      .option('--model-version <version>', 'of an .onnx file: version of the model (default: as the map says, or 1)'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (path: string, options: ImportCommandOptions) => {
      await runImport(path, options);
    });
}

/** @returns where the model lies now */
export async function runImport(path: string, options: ImportCommandOptions): Promise<string> {
  const out = new Console(options.quiet === true);
  if (options.output !== undefined) checkModelFolder(options.output);
  const isBare = path.toLowerCase().endsWith('.onnx');
  const { files, warnings, note } = isBare ? await carded(path, options) : readMade(path, options);
  const { card } = checkModelFiles(files, path);
  const model = `${card.name}@${card.version}`;
  // Once it is done: a refusal stands alone.
  const tell = () => {
    for (const warning of warnings) out.warn(warning);
    if (note !== null) out.say(note);
  };
  if (options.output !== undefined) {
    writeModelFiles(options.output, files);
    tell();
    out.say(`wrote ${model} to ${options.output} (${[...files.keys()].join(', ')})`);
    return options.output;
  }
  const { path: where, wasThere } = registerModel(rootOf(options), files, path);
  tell();
  out.say(wasThere ? `${model} is in the registry already: ${where}` : `filed ${model}: ${where}`);
  return where;
}

/** A bare ONNX file, with the card that its map makes. */
async function carded(path: string, options: ImportCommandOptions): Promise<ModelToFile> {
  if (options.map === undefined) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: `nothing says what the inputs of ${path} mean`,
      expected: '--map MAP.json',
      action: 'write a map (docs/model.md, `flowlamp model schema`)',
    });
  }
  const onnx = readFile(path);
  const map = readModelMap(new TextDecoder().decode(readFile(options.map)), options.map);
  const { card, trial, engine, description, warnings } = await importOnnx(
    onnx,
    map,
    {
      name: options.name ?? map.name ?? basename(path).replace(/\.onnx$/i, ''),
      version: options.modelVersion ?? map.modelVersion ?? '1',
      created: new Date().toISOString(),
      programVersion: packageVersion(),
      where: path,
    },
    nodeDigests,
  );
  const ops = [...new Set(description.ops.map(({ opType }) => opType))].slice(0, 5).join(', ');
  const engines = engine === 'kernel' ? 'ONNX Runtime and the kernel' : 'ONNX Runtime';
  const note = `${path}: ${ops}; ${counted(card.inputs.length, 'column')} -> ${card.labels.join(', ')}; runs on ${engines}, alone as among others to ${trial.batchDifference.toPrecision(1)}`;
  return { files: modelFiles({ card, onnx }), warnings, note };
}

/** A model that was made here: a folder or an archive of one. */
function readMade(path: string, { map, name, modelVersion }: ImportCommandOptions): ModelToFile {
  if (map !== undefined || name !== undefined || modelVersion !== undefined) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: `${path} has a card of its own`,
      expected: '--map, --name and --model-version with an .onnx file only',
      action: 'leave them out',
    });
  }
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return { files: isFolder ? readModelFiles(path) : readTar(readFile(path)), warnings: [], note: null };
}

function readFile(path: string): Uint8Array {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isFile() !== true) {
    throw new FlowlampError(ErrorCode.FileNotFound, {
      happened: `there is no file ${path}`,
      expected: 'an .onnx file, a model folder or a .tar',
      action: 'check the path',
    });
  }
  if (status.size > ModelLimits.fileBytes) {
    throw new FlowlampError(ErrorCode.ModelInvalid, {
      happened: `${path} has ${status.size} bytes`,
      expected: `at most ${ModelLimits.fileBytes}`,
      action: 'use a smaller model',
    });
  }
  return readFileSync(path);
}
