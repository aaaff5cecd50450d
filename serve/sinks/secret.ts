/** Secrets come from a file or from the environment, never from an option, and are named by where they come from alone. */
import { closeSync, openSync, readSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { SINK_LIMITS } from './limits.ts';
import { webhookKey } from './webhook-signature.ts';

/** Of the key. As guessing goes, 16 characters of base64 are 96 bits. */
const LEAST_CHARACTERS = 16;

export interface SecretPlace {
  readonly secretFile?: string | undefined;
  readonly secretEnv?: string | undefined;
}

/**
 * The text of a secret, without blanks around it.
 *
 * @throws FlowlampError KEY_INVALID, OPTION_INVALID where not exactly one place is named
 */
export function readSecret({ secretFile, secretEnv }: SecretPlace, env: NodeJS.ProcessEnv = process.env): string {
  if ((secretFile === undefined) === (secretEnv === undefined)) {
    throw new FlowlampError(ErrorCode.OptionInvalid, {
      happened: secretFile === undefined ? 'the webhook has no secret to sign with' : 'the webhook has two secrets',
      expected: 'one of secretFile (a file) and secretEnv (the name of an environment variable)',
      action: 'put a random text of 32 characters or more into a file that only the sidecar reads, and name it',
    });
  }
  const where = secretFile === undefined ? `the environment variable ${secretEnv}` : secretFile;
  const secret = (secretFile === undefined ? env[secretEnv!] : readSecretFile(secretFile))?.trim() ?? '';
  if (webhookKey(secret).length >= LEAST_CHARACTERS) return secret;
  throw invalid(secret === '' ? `${where} holds no secret` : `the secret in ${where} is too short`);
}

function readSecretFile(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(SINK_LIMITS.secretBytes);
      return bytes.toString('utf8', 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw invalid(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function invalid(happened: string): FlowlampError {
  const expected = `a secret of ${LEAST_CHARACTERS} characters or more, such as \`openssl rand -base64 32\` makes`;
  return new FlowlampError(ErrorCode.KeyInvalid, { happened, expected, action: 'write one there' });
}
