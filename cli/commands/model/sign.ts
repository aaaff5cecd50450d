/** `flowlamp model sign`: an ed25519 signature of a model's card, which holds the checksums of all else. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { writeTextFile } from '../../../features/files/output.ts';
import { CARD_FILE, readKey, readModelFiles, SIGNATURE_FILE } from '../../../models/folder.ts';
import { checkSignature, privateKey, signCard } from '../../../models/signature.ts';
import { Console } from '../../console.ts';
import { type Example, examplesText } from '../../examples.ts';
import { addRegistryOption, loadCarded, type RegistryOptions } from './registry-option.ts';

interface SignOptions extends RegistryOptions {
  readonly key: string;
}

const EXAMPLES: readonly Example[] = [
  ['flowlamp model sign my-model --key team.pem'],
  ['flowlamp model sign office@3 --registry ./models --key team.pem', 'one of the registry'],
];

export function addSignCommand(model: Command): void {
  addRegistryOption(
    model
      .command('sign')
      .description('sign a model: writes signature.json beside its card')
      .argument('<model>', 'a model folder, or name@version')
      .requiredOption('--key <file>', 'an ed25519 private key (PEM: openssl genpkey -algorithm ed25519)'),
  )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(runSign);
}

function runSign(request: string, options: SignOptions): void {
  const { card, path, isShipped } = loadCarded(request, options);
  if (isShipped) throw shipped(request);
  const bytes = readModelFiles(path).get(CARD_FILE)!;
  const text = signCard(bytes, privateKey(readKey(options.key), options.key));
  const target = join(path, SIGNATURE_FILE);
  writeTextFile(target, text);
  const model = `${card.name}@${card.version}`;
  new Console(options.quiet === true).say(`signed ${model} with the key ${checkSignature(bytes, text, target)}`);
}

function shipped(request: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, {
    happened: `${request} is part of the program`,
    expected: 'a model of your own',
    action: 'export it, and sign what you exported',
  });
}
