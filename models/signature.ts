/**
 * ed25519 signatures (RFC 8032) of model cards. The card holds the SHA-256 of every other file of its folder, so a
 * signature of the card is one of the model.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { ErrorCode, FlowlampError } from '../core/errors.ts';

export const SIGNATURE_FORMAT = 1;
/** Keeps a signature of a card from being one of anything else that a key may sign. */
const PURPOSE = 'flowlamp model card 1\0';
/** Bytes of a signature.json; a sound one has 300. */
const MAX_TEXT = 10_000;

/** `signature.json` beside `card.json`. */
interface SignatureFile {
  readonly formatVersion: typeof SIGNATURE_FORMAT;
  readonly algorithm: 'ed25519';
  /** Base64url of the 32 bytes, as in a JSON Web Key (RFC 8037). */
  readonly publicKey: string;
  /** Base64url of the 64 bytes. */
  readonly signature: string;
}

/** The text of a signature.json for a card's bytes. */
export function signCard(card: Uint8Array, key: KeyObject): string {
  const file: SignatureFile = {
    formatVersion: SIGNATURE_FORMAT,
    algorithm: 'ed25519',
    publicKey: publicPart(key),
    signature: sign(null, message(card), key).toString('base64url'),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * The fingerprint of the key that signed the card. It says that nothing was changed since; whose key it is, is for the
 * caller to know.
 *
 * @param where what to call the signature in errors, usually its path
 * @throws FlowlampError MODEL_INVALID where the signature is not one of these bytes
 */
export function checkSignature(card: Uint8Array, text: string, where: string): string {
  const file = readSignature(text, where);
  let isRight = false;
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: file.publicKey }, format: 'jwk' });
    isRight = verify(null, message(card), key, Buffer.from(file.signature, 'base64url'));
  } catch (cause) {
    throw refused(`${where} holds no usable key`, 'an ed25519 key of 32 bytes', cause);
  }
  if (!isRight) throw refused(`${where} is no signature of the card beside it`, 'a card that nobody changed');
  return fingerprintOf(file.publicKey);
}

function readSignature(text: string, where: string): SignatureFile {
  const expected = 'formatVersion 1, algorithm ed25519, publicKey and signature';
  let value: Partial<SignatureFile> | null = null;
  try {
    value = text.length > MAX_TEXT ? null : JSON.parse(text);
  } catch (cause) {
    throw refused(`${where} is not JSON`, expected, cause);
  }
  if (
    value?.formatVersion !== SIGNATURE_FORMAT ||
    value.algorithm !== 'ed25519' ||
    typeof value.publicKey !== 'string' ||
    typeof value.signature !== 'string'
  ) {
    throw refused(`${where} is no signature of this kind`, expected);
  }
  return value as SignatureFile;
}

/** A private key, PEM as `openssl genpkey -algorithm ed25519` writes it. @throws FlowlampError KEY_INVALID */
export function privateKey(pem: string, where: string): KeyObject {
  return keyOf(
    () => createPrivateKey(pem),
    where,
    'an ed25519 private key in PEM (openssl genpkey -algorithm ed25519)',
  );
}

/** The fingerprint of a public key, PEM as `openssl pkey -pubout` writes it. @throws FlowlampError KEY_INVALID */
export function publicKeyFingerprint(pem: string, where: string): string {
  const expected = 'an ed25519 public key in PEM (openssl pkey -in KEY -pubout)';
  // Of a private key Node would make the public one; whoever hands it around should hear of it.
  const read = () => {
    if (pem.includes('PRIVATE KEY')) throw new Error('a private key');
    return createPublicKey(pem);
  };
  return fingerprintOf(publicPart(keyOf(read, where, expected)));
}

function keyOf(read: () => KeyObject, where: string, expected: string): KeyObject {
  let cause: unknown;
  try {
    const key = read();
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    cause = error;
  }
  const action = 'name another file with --key';
  throw new FlowlampError(ErrorCode.KeyInvalid, { happened: `${where} holds no such key`, expected, action, cause });
}

function publicPart(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return half.export({ format: 'jwk' }).x!;
}

/** The first 16 of the 32 bytes of SHA-256 of the key, hexadecimal. */
function fingerprintOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex').slice(0, 32);
}

function message(card: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(PURPOSE, 'latin1'), card]);
}

function refused(happened: string, expected: string, cause?: unknown): FlowlampError {
  const action = 'take the model folder from where it was made again';
  return new FlowlampError(ErrorCode.ModelInvalid, { happened, expected, action, cause });
}
