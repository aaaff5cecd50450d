import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { nodeDigests } from '../../../../features/digests-node.ts';
import { Certificates } from '../../../../features/fingerprint/certificates.ts';
import { certificateBounds, decodeCertificate } from '../../../../features/protocol/tls/certificate.ts';
import { DerTag, integerBits, objectIdText, timeSeconds } from '../../../../features/protocol/tls/der.ts';
import { TLS_LIMITS } from '../../../../features/protocol/tls/limits.ts';
import { messagesOf } from '../../../oracle/tls-flow-twin.ts';
import { hasSharedData, sharedPath } from '../../../support/shared-data.ts';
import { tcpSegments } from '../pcap-helper.ts';
import { concat, hex } from './hello-bytes.ts';
import { mutate } from './mutate.ts';

/** Tag, length in the long form where it is needed, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  const { length } = body;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return concat(Uint8Array.from(head), body);
}

const text = (value: string) => new TextEncoder().encode(value);
const name = (...pairs: readonly [string, number, Uint8Array][]) =>
  der(0x30, ...pairs.map(([oid, tag, value]) => der(0x31, der(0x30, der(6, hex(oid)), der(tag, value)))));
const CN = '550403';
const O = '55040a';
const SUBJECT = name([O, 0x0c, text('Pool €')], [CN, 0x13, text('pool.example')]);
const ISSUER = name([O, 0x1e, hex('004f00f6')], [CN, 0x14, hex('43e9')]);

function certificate(issuer: Uint8Array, subject: Uint8Array, names: readonly string[]): Uint8Array {
  const time = der(0x30, der(0x17, text('490102030405Z')), der(0x18, text('99991231235959Z')));
  const key = der(
    0x30,
    der(0x30, der(6, hex('2a8648ce3d0201')), der(6, hex('2a8648ce3d030107'))),
    der(3, new Uint8Array(66)),
  );
  const alternative = der(
    0x30,
    der(6, hex('551d11')),
    der(4, der(0x30, ...names.map((each) => der(0x82, text(each))))),
  );
  const tbs = der(
    0x30,
    der(0xa0, der(2, hex('02'))),
    der(2, hex('00ff01')),
    der(0x30, der(6, hex('2a864886f70d01010b'))),
    issuer,
    time,
    subject,
    key,
    der(0xa3, der(0x30, alternative)),
  );
  return der(0x30, tbs, der(0x30), der(3, hex('00aa')));
}

const WHOLE = certificate(ISSUER, SUBJECT, ['pool.example', '*.pool.example']);

/** A Certificate message's body up to TLS 1.2. */
function chain(...certificates: readonly Uint8Array[]): Uint8Array {
  const list = concat(...certificates.map((each) => concat(uint24(each.length), each)));
  return concat(uint24(list.length), list);
}

function uint24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value);
}

describe('a certificate', () => {
  test('says who it is for, who made it and how long it lasts', () => {
    expect(decodeCertificate(WHOLE, 0, WHOLE.length)).toEqual({
      subjectName: 'pool.example',
      subjectOrganisation: 'Pool €',
      issuerName: 'Cé',
      issuerOrganisation: 'Oö',
      names: ['pool.example', '*.pool.example'],
      nameCount: 2,
      serial: 'ff01',
      notBefore: Date.UTC(2049, 0, 2, 3, 4, 5) / 1000,
      notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) / 1000,
      isSelfIssued: false,
      keyType: 'ec',
      keyBits: 256,
    });
    const own = certificate(SUBJECT, SUBJECT, []);
    expect(decodeCertificate(own, 0, own.length)).toMatchObject({ isSelfIssued: true, names: [] });
  });

  test('keeps a bounded number of names and counts them all', () => {
    const many = certificate(
      ISSUER,
      SUBJECT,
      Array.from({ length: 100 }, (_, i) => `a${i}.example`),
    );
    const { names, nameCount } = decodeCertificate(many, 0, many.length)!;
    expect([names.length, nameCount]).toEqual([TLS_LIMITS.certificateNames, 100]);
  });

  test('is null or less when cut at any length, and never reads past its end', () => {
    for (let end = 0; end < WHOLE.length; end++) {
      const cut = decodeCertificate(WHOLE.slice(0, end), 0, end);
      expect(decodeCertificate(concat(WHOLE.slice(0, end), new Uint8Array(32).fill(0x30)), 0, end)).toEqual(cut);
    }
  });

  test('changed in any way never throws, and what is remembered of it is what it says', () => {
    const prng = new Prng('certificates');
    const remembering = new Certificates(nodeDigests, 8);
    const bodies: Uint8Array[] = [];
    for (let round = 0; round < 6000; round++) {
      const body =
        bodies.length > 0 && prng.chance(0.3)
          ? prng.pick(bodies)
          : prng.chance(0.5)
            ? chain(mutate(prng, WHOLE), WHOLE)
            : mutate(prng, chain(WHOLE, WHOLE));
      bodies[prng.below(20)] ??= body;
      for (let i = 0; i < bodies.length; i++) bodies[i] ??= body;
      const behind = concat(body, new Uint8Array(40).fill(0xff));
      const told = remembering.chain(behind, 0, body.length);
      expect(told).toEqual(new Certificates(nodeDigests, 8).chain(body, 0, body.length));
    }
  });
});

describe('values', () => {
  test.each([
    ['2a864886f70d010101', '1.2.840.113549.1.1.1'],
    ['550403', '2.5.4.3'],
    ['883703', '2.999.3'],
    ['', ''],
    ['80', ''],
  ])('object identifier %s is %s', (bytes, dotted) => {
    expect(objectIdText(hex(bytes), 0, bytes.length / 2)).toBe(dotted);
  });

  test.each<[string, number, number | null]>([
    ['700101000000Z', DerTag.UtcTime, 0],
    ['7001010000Z', DerTag.UtcTime, 0],
    ['700101010000+0100', DerTag.UtcTime, 0],
    ['20380119031408Z', DerTag.GeneralizedTime, 2 ** 31],
    ['00010101000000Z', DerTag.GeneralizedTime, -62_135_596_800],
    ['701301000000Z', DerTag.UtcTime, null],
    ['70010100000', DerTag.UtcTime, null],
    ['700101000000ZZ', DerTag.UtcTime, null],
    ['700101000000Z', DerTag.Integer, null],
  ])('time %s', (time, tag, seconds) => {
    expect(timeSeconds(text(time), tag, 0, time.length)).toBe(seconds);
  });

  test('bits of an integer', () => {
    expect(['', '00', '01', '00ff', '0100'].map((each) => integerBits(hex(each), 0, each.length / 2))).toEqual([
      0, 0, 1, 8, 9,
    ]);
  });
});

/** Certificates of the captures that Zeek tests TLS with, put together by the twin of the reader. */
function realCertificates(): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  for (const file of readdirSync(sharedPath('oracle/zeek/Traces/tls')).filter((each) => each.endsWith('.pcap'))) {
    const streams = new Map<string, Map<number, Uint8Array>>();
    for (const { source, destination, seq, payload } of tcpSegments(sharedPath(`oracle/zeek/Traces/tls/${file}`))) {
      const key = `${source} ${destination}`;
      if (!streams.has(key)) streams.set(key, new Map());
      if (payload.length > 0) streams.get(key)!.set(seq, payload.slice());
    }
    for (const segments of streams.values()) {
      for (const { type, body } of messagesOf(inOrder(segments))) {
        const bounds = type === 11 ? (certificateBounds(body, 0, body.length) ?? []) : [];
        for (let i = 0; i < bounds.length; i += 2) {
          const one = body.slice(bounds[i]!, bounds[i + 1]!);
          found.set(createHash('sha256').update(one).digest('hex'), one);
        }
      }
    }
  }
  return [...found.values()];
}

function inOrder(segments: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  let next = Math.min(...segments.keys());
  for (let part = segments.get(next); part !== undefined; part = segments.get(next)) {
    parts.push(part);
    next += part.length;
  }
  return concat(...parts);
}

test.skipIf(!hasSharedData)('real certificates say what node:crypto reads in them', () => {
  const all = realCertificates();
  expect(all.length).toBeGreaterThan(30);
  for (const bytes of all) {
    const ours = decodeCertificate(bytes, 0, bytes.length)!;
    let theirs: X509Certificate;
    try {
      theirs = new X509Certificate(bytes);
    } catch {
      continue; // OpenSSL refuses some that only claim something odd
    }
    const last = (from: string | undefined, key: string) =>
      (from ?? '')
        .split('\n')
        .filter((line) => line.startsWith(`${key}=`))
        .at(-1)
        ?.slice(key.length + 1) ?? null;
    const serial = theirs.serialNumber.toLowerCase();
    if (!serial.startsWith('-')) expect(BigInt(`0x${ours.serial}`)).toBe(BigInt(`0x${serial}`));
    expect(ours.notBefore).toBe(Date.parse(theirs.validFrom) / 1000);
    expect(ours.notAfter).toBe(Date.parse(theirs.validTo) / 1000);
    if (!theirs.subject?.includes('\\')) expect(ours.subjectName).toBe(last(theirs.subject, 'CN'));
    if (!theirs.issuer.includes('\\')) expect(ours.issuerOrganisation).toBe(last(theirs.issuer, 'O'));
    const names = (theirs.subjectAltName ?? '').split(', ').filter((each) => each.startsWith('DNS:'));
    expect(ours.nameCount).toBe(names.length);
    expect(ours.names).toEqual(names.slice(0, TLS_LIMITS.certificateNames).map((each) => each.slice(4)));
    if (ours.keyType === 'rsa') {
      expect(ours.keyBits).toBe(theirs.publicKey.asymmetricKeyDetails?.modulusLength);
    }
  }
});
