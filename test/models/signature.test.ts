import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkSignature, privateKey, publicKeyFingerprint, signCard } from '../../models/signature.ts';

const pemOf = (pair: ReturnType<typeof generateKeyPairSync>) => ({
  secret: (pair.privateKey as never as { export(options: object): string }).export({ type: 'pkcs8', format: 'pem' }),
  shared: (pair.publicKey as never as { export(options: object): string }).export({ type: 'spki', format: 'pem' }),
});
const own = pemOf(generateKeyPairSync('ed25519') as never);
const other = pemOf(generateKeyPairSync('ed25519') as never);
const rsa = pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }) as never);

const card = new TextEncoder().encode('{"name": "m"}\n');
const text = signCard(card, privateKey(own.secret, 'own.pem'));

describe('signatures', () => {
  test('name the key that made them', () => {
    const fingerprint = publicKeyFingerprint(own.shared, 'own.pub');
    expect(checkSignature(card, text, 's')).toBe(fingerprint);
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(publicKeyFingerprint(other.shared, 'other.pub')).not.toBe(fingerprint);
  });

  test('are not of a card with any one bit changed', () => {
    for (let bit = 0; bit < card.length * 8; bit++) {
      const changed = card.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => checkSignature(changed, text, 's')).toThrow('no signature of the card beside it');
    }
  });

  test('with another key, other bytes or another form are refused', () => {
    const { publicKey } = JSON.parse(signCard(card, privateKey(other.secret, 'other.pem')));
    const file = JSON.parse(text);
    for (const wrong of [
      { ...file, publicKey },
      { ...file, signature: 'AAAA' },
      { ...file, publicKey: 'AAAA' },
      { ...file, algorithm: 'rsa' },
      { ...file, formatVersion: 2 },
      { ...file, signature: undefined },
      null,
      [],
    ]) {
      expect(() => checkSignature(card, JSON.stringify(wrong), 's')).toThrow(
        expect.objectContaining({ code: 'MODEL_INVALID' }),
      );
    }
    expect(() => checkSignature(card, 'no JSON', 's')).toThrow('s is not JSON');
  });

  test('are made by ed25519 keys only, and checked by public ones only', () => {
    for (const pem of [own.shared, rsa.secret, 'nothing', '']) {
      expect(() => privateKey(pem, 'k')).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    }
    for (const pem of [own.secret, rsa.shared, 'nothing', '']) {
      expect(() => publicKeyFingerprint(pem, 'k')).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    }
  });
});
