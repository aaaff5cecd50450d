/** Options of commands that read captures and write rows: what is shown of the accounts of miners. */
import { type Command, Option } from 'commander';
import { loadAnonymizerKey, loadKey } from '../features/files/anonymizer-key.ts';
import type { LoginOptions } from '../features/protocol/mining/login.ts';
import type { Console } from './console.ts';

export interface LoginCommandOptions {
  readonly reveal?: boolean;
  readonly salt?: string;
  readonly anonymize?: string;
}

export function addLoginOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--reveal', 'show accounts of miners as they are, not hashed').conflicts(['salt', 'anonymize']),
    )
    .option('--salt <keyfile>', 'hash accounts of miners with a key of 32 bytes (docs/mining-witness.md)');
}

/** With `--anonymize` and no salt the salt is made of its key: hashes under the public one could be tried out. */
export function loginOptions({ reveal = false, salt, anonymize }: LoginCommandOptions, out: Console): LoginOptions {
  if (salt !== undefined) {
    const { key, isOpen } = loadKey(salt);
    if (isOpen) out.warn(`the key file ${salt} can be read by other users; chmod 600 keeps it to you`);
    return { reveal, salt: key };
  }
  if (anonymize === undefined) return { reveal };
  return { reveal, salt: loadAnonymizerKey(anonymize).key.mac(new TextEncoder().encode('mining_login')) };
}
