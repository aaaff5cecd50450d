/**
 * X.509 certificates (RFC 5280 4.1), as far as they say who they are for, who made them and how long they last:
 *
 *     Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
 *     TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo,
 *                                   issuerUniqueID [1], subjectUniqueID [2], extensions [3] }
 *
 * Nothing is verified: a certificate is what the server claims.
 */
import { uint24 } from './bytes.ts';
import { bmpText, DerTag, DerWalker, integerBits, objectIdText, timeSeconds } from './der.ts';
import { TLS_LIMITS } from './limits.ts';
import { escapedText, isPrintable, printableText } from './text.ts';

export interface Certificate {
  readonly subjectName: string | null;
  readonly subjectOrganisation: string | null;
  readonly issuerName: string | null;
  readonly issuerOrganisation: string | null;
  /** DNS names of subjectAltName, the first TLS_LIMITS.certificateNames of them. */
  readonly names: readonly string[];
  /** How many there are. */
  readonly nameCount: number;
  /** Lowercase hexadecimal, as many digits as it has bytes. */
  readonly serial: string | null;
  /** Seconds since 1970. */
  readonly notBefore: number | null;
  readonly notAfter: number | null;
  /** Issuer and subject are the same bytes. */
  readonly isSelfIssued: boolean;
  /** 'rsa', 'ec', ... or the object identifier of the algorithm. */
  readonly keyType: string | null;
  readonly keyBits: number | null;
}

/** Common name and organisation of a Name. */
interface DistinguishedName {
  name: string | null;
  organisation: string | null;
}

/** Decodes the certificate `bytes[at, end)`; null if its outline does not add up. Nothing of `bytes` is kept. */
export function decodeCertificate(bytes: Uint8Array, at: number, end: number): Certificate | null {
  const outer = new DerWalker(bytes, at, end);
  if (!outer.take(DerTag.Sequence)) return null;
  const whole = outer.inside();
  if (!whole.take(DerTag.Sequence)) return null;
  const tbs = whole.inside();
  if (!tbs.next()) return null;
  if (tbs.tag === DerTag.Explicit0 && !tbs.next()) return null;
  if (tbs.tag !== DerTag.Integer) return null;
  const serial = hexText(bytes, tbs.from, tbs.to);
  if (!tbs.take(DerTag.Sequence) || !tbs.take(DerTag.Sequence)) return null;
  const [issuerFrom, issuerTo] = [tbs.from, tbs.to];
  const issuer = distinguishedName(tbs.inside());
  if (!tbs.take(DerTag.Sequence)) return null;
  const validity = tbs.inside();
  const notBefore = validity.next() ? timeSeconds(bytes, validity.tag, validity.from, validity.to) : null;
  const notAfter = validity.next() ? timeSeconds(bytes, validity.tag, validity.from, validity.to) : null;
  if (!tbs.take(DerTag.Sequence)) return null;
  const isSelfIssued = sameBytes(bytes, issuerFrom, issuerTo, tbs.from, tbs.to);
  const subject = distinguishedName(tbs.inside());
  if (!tbs.take(DerTag.Sequence)) return null;
  const key = publicKey(tbs.inside());
  const names = alternativeNames(tbs);
  return {
    subjectName: subject.name,
    subjectOrganisation: subject.organisation,
    issuerName: issuer.name,
    issuerOrganisation: issuer.organisation,
    names: names.kept,
    nameCount: names.count,
    serial,
    notBefore,
    notAfter,
    isSelfIssued,
    keyType: key.type,
    keyBits: key.bits,
  };
}

/**
 * The certificates of the body `[at, end)` of a Certificate message up to TLS 1.2 (RFC 5246 7.4.2: `opaque
 * ASN.1Cert<1..2^24-1>; ASN.1Cert certificate_list<0..2^24-1>`): where each starts and ends, flat; null if the lengths do
 * not add up. Of more than TLS_LIMITS.certificates the first ones.
 */
export function certificateBounds(bytes: Uint8Array, at: number, end: number): number[] | null {
  if (end - at < 3 || at + 3 + uint24(bytes, at) !== end) return null;
  const bounds: number[] = [];
  for (at += 3; at < end && bounds.length < 2 * TLS_LIMITS.certificates; at = bounds.at(-1)!) {
    if (end - at < 3) return null;
    const next = at + 3 + uint24(bytes, at);
    if (next > end) return null;
    bounds.push(at + 3, next);
  }
  return bounds;
}

/** Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value }; the last of several counts, the most special. */
function distinguishedName(name: DerWalker): DistinguishedName {
  const found: DistinguishedName = { name: null, organisation: null };
  while (name.take(DerTag.Set)) {
    const set = name.inside();
    while (set.take(DerTag.Sequence)) {
      const pair = set.inside();
      if (!pair.take(DerTag.ObjectId) || pair.to - pair.from !== 3) continue;
      const { bytes, from } = pair;
      // id-at, 2.5.4
      if (bytes[from] !== 0x55 || bytes[from + 1] !== 0x04) continue;
      const type = bytes[from + 2];
      if ((type !== COMMON_NAME && type !== ORGANISATION) || !pair.next()) continue;
      const text = attributeText(pair);
      if (type === COMMON_NAME) found.name = text;
      else found.organisation = text;
    }
  }
  return found;
}

const COMMON_NAME = 3;
const ORGANISATION = 10;

function attributeText({ bytes, tag, from, to }: DerWalker): string {
  const end = Math.min(to, from + TLS_LIMITS.attributeBytes);
  if (tag === DerTag.BmpString) {
    const text = bmpText(bytes, from, end);
    if (isPrintable(text)) return text;
  }
  // T.61 is, in practice, Latin-1.
  if (tag === DerTag.TeletexString) {
    const text = String.fromCharCode(...bytes.subarray(from, end));
    if (isPrintable(text)) return text;
  }
  return printableText(bytes, from, end) ?? escapedText(bytes, from, end);
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.10040.4.1': 'dsa',
  '1.2.840.10045.2.1': 'ec',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
};

/** SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE { algorithm, parameters }, subjectPublicKey BIT STRING } */
function publicKey(info: DerWalker): { type: string | null; bits: number | null } {
  if (!info.take(DerTag.Sequence)) return { type: null, bits: null };
  const algorithm = info.inside();
  if (!algorithm.take(DerTag.ObjectId)) return { type: null, bits: null };
  const id = objectIdText(algorithm.bytes, algorithm.from, algorithm.to);
  const type = ALGORITHMS[id] ?? (id === '' ? null : id);
  // The first byte of a BIT STRING is the number of unused bits.
  if (!info.take(DerTag.BitString) || info.to === info.from) return { type, bits: null };
  const { bytes, from, to } = info;
  if (type === 'rsa' || type === 'rsa-pss') return { type, bits: rsaBits(new DerWalker(bytes, from + 1, to)) };
  if (type === 'dsa')
    return { type, bits: algorithm.take(DerTag.Sequence) ? firstIntegerBits(algorithm.inside()) : null };
  if (type === 'ec') return { type, bits: curveBits(algorithm) ?? pointBits(bytes, from + 1, to) };
  return { type, bits: (to - from - 1) * 8 };
}

/** RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
function rsaBits(key: DerWalker): number | null {
  return key.take(DerTag.Sequence) ? firstIntegerBits(key.inside()) : null;
}

function firstIntegerBits(list: DerWalker): number | null {
  return list.take(DerTag.Integer) ? integerBits(list.bytes, list.from, list.to) : null;
}

/** Curves (RFC 5480 2.1.1.1, RFC 5639) whose size is not that of their points in whole bytes or that are common. */
const CURVE_BITS: Readonly<Record<string, number>> = {
  '1.2.840.10045.3.1.7': 256,
  '1.3.132.0.33': 224,
  '1.3.132.0.34': 384,
  '1.3.132.0.35': 521,
};

function curveBits(algorithm: DerWalker): number | null {
  if (!algorithm.take(DerTag.ObjectId)) return null;
  return CURVE_BITS[objectIdText(algorithm.bytes, algorithm.from, algorithm.to)] ?? null;
}

/** RFC 5480 2.2: an uncompressed point (4) has two coordinates, a compressed one (2, 3) has one. */
function pointBits(bytes: Uint8Array, at: number, end: number): number | null {
  if (end - at < 2) return null;
  return bytes[at] === 4 ? ((end - at - 1) / 2) * 8 : (end - at - 1) * 8;
}

/** id-ce-subjectAltName, 2.5.29.17 (RFC 5280 4.2.1.6). */
const SUBJECT_ALT_NAME = 0x11;
/** GeneralName: dNSName [2] IA5String. */
const DNS_NAME = 0x82;

/** Reads the DNS names among the extensions, which come last of the walker's values. */
function alternativeNames(tbs: DerWalker): { kept: string[]; count: number } {
  const names = { kept: [] as string[], count: 0 };
  while (tbs.next()) {
    if (tbs.tag !== DerTag.Explicit3) continue;
    const list = tbs.inside();
    if (!list.take(DerTag.Sequence)) continue;
    const extensions = list.inside();
    // Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    while (extensions.take(DerTag.Sequence)) {
      const extension = extensions.inside();
      if (!extension.take(DerTag.ObjectId) || !isAltName(extension)) continue;
      if (!extension.next() || (extension.tag === DerTag.Boolean && !extension.next())) continue;
      if (extension.tag === DerTag.OctetString) collectNames(extension.inside(), names);
    }
  }
  return names;
}

function isAltName({ bytes, from, to }: DerWalker): boolean {
  return to - from === 3 && bytes[from] === 0x55 && bytes[from + 1] === 0x1d && bytes[from + 2] === SUBJECT_ALT_NAME;
}

function collectNames(value: DerWalker, names: { kept: string[]; count: number }): void {
  if (!value.take(DerTag.Sequence)) return;
  const list = value.inside();
  while (list.next()) {
    if (list.tag !== DNS_NAME) continue;
    names.count++;
    if (names.kept.length >= TLS_LIMITS.certificateNames || list.to - list.from > TLS_LIMITS.nameBytes) continue;
    names.kept.push(escapedText(list.bytes, list.from, list.to));
  }
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** RFC 5280 4.1.2.2: a serial number has at most 20 octets; null beyond twice that. */
function hexText(bytes: Uint8Array, at: number, end: number): string | null {
  if (at === end || end - at > TLS_LIMITS.serialBytes) return null;
  // A leading zero only keeps the number from being negative.
  if (bytes[at] === 0 && end - at > 1) at++;
  let text = '';
  for (; at < end; at++) text += HEX[bytes[at]!]!;
  return text;
}

function sameBytes(bytes: Uint8Array, at: number, end: number, otherAt: number, otherEnd: number): boolean {
  if (end - at !== otherEnd - otherAt) return false;
  for (; at < end; at++, otherAt++) if (bytes[at] !== bytes[otherAt]) return false;
  return true;
}
