/** Key files, of `--anonymize` and `--salt`: 32 bytes, as they are or as hexadecimal digits. */
import { createCipheriv, createHmac } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { unreadable } from '../capture/input.ts';
import type { AnonymizerKey } from '../rows/crypto-pan.ts';

const KEY_BYTES = 32;
/** Room for digits, blanks and a line end; a longer file is something else. */
const MAX_FILE_BYTES = 256;
const OTHERS_MAY_READ = 0o044;

export interface KeyFile<Key = AnonymizerKey> {
  readonly key: Key;
  /** Whether users other than its owner may read it. */
  readonly isOpen: boolean;
}

/** @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE or KEY_INVALID */
export function loadAnonymizerKey(path: string): KeyFile {
  const { key, isOpen } = loadKey(path);
  return { key: anonymizerKey(key), isOpen };
}

/**
 * The 32 bytes of a key file.
 *
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE or KEY_INVALID
 */
export function loadKey(path: string): KeyFile<Uint8Array> {
  const { bytes, mode } = readKeyFile(path);
  const key = keyBytes(path, bytes);
  if (key.every((byte) => byte === key[0])) throw badKey(path, 'repeats one byte');
  return { key, isOpen: process.platform !== 'win32' && (mode & OTHERS_MAY_READ) !== 0 };
}

function readKeyFile(path: string): { bytes: Uint8Array; mode: number } {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = new Uint8Array(MAX_FILE_BYTES + 1);
      return { bytes: bytes.subarray(0, readSync(file, bytes)), mode: fstatSync(file).mode };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function keyBytes(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length === KEY_BYTES) return bytes.slice();
  const digits = Buffer.from(bytes).toString('latin1').replace(/\s+/g, '');
  if (/^[0-9a-f]{64}$/i.test(digits)) return Uint8Array.from(Buffer.from(digits, 'hex'));
  if (/^[0-9a-f]+$/i.test(digits)) throw badKey(path, `holds ${digits.length} hexadecimal digits`);
  throw badKey(
    path,
    bytes.length > MAX_FILE_BYTES ? `holds more than ${MAX_FILE_BYTES} bytes` : `holds ${bytes.length} bytes`,
  );
}

/** @param key 32 bytes: 16 of an AES key, then 16 of the pad */
export function anonymizerKey(key: Uint8Array): AnonymizerKey {
  const cipher = createCipheriv('aes-128-ecb', key.subarray(0, 16), null).setAutoPadding(false);
  // A key of its own, so that a MAC says nothing of what encrypts addresses.
  const macKey = createHmac('sha256', key).update('flowlamp flow_id').digest();
  return {
    encryptBlocks: (blocks) => new Uint8Array(cipher.update(blocks)),
    pad: key.slice(16),
    mac: (bytes) => new Uint8Array(createHmac('sha256', macKey).update(bytes).digest()),
  };
}

function badKey(path: string, what: string): FlowlampError {
  return new FlowlampError(ErrorCode.KeyInvalid, {
    happened: `the key file ${path} ${what}`,
    expected: '32 random bytes, or 64 hexadecimal digits',
    action: `make one with: (umask 077; openssl rand -hex 32 > ${path})`,
  });
}
