/**
 * Server certificates made on the spot (X.509 v3, RFC 5280): a leaf, alone and self-signed or under one or two made-up
 * authorities. Keys exist only in memory and are shared between sites of one run, because making RSA keys is slow and only
 * their size shows on the wire.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Prng } from '../../../core/prng.ts';
import {
  ascii,
  bits,
  contextTag,
  integer,
  objectIdentifier,
  octets,
  sequence,
  Tag,
  tlv,
  utcTime,
  utf8,
} from './der.ts';

export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'p-256' | 'p-384';

export interface Credentials {
  /** PKCS#8 PEM, never written to disk. */
  readonly keyPem: string;
  /** Leaf first, then what the server sends of its chain. */
  readonly chainPem: string;
}

/** Keys with their encodings, which are made once: OpenSSL takes as long to write a key down as to sign with it. */
interface KeyPair {
  readonly privateKey: KeyObject;
  readonly privatePem: string;
  /** SubjectPublicKeyInfo. */
  readonly publicDer: Uint8Array;
}

/** Making RSA keys takes seconds, so there are few; which one a site has shows nowhere but in the bits of its certificate. */
const KEYS: Readonly<Record<KeyKind, number>> = { 'rsa-2048': 2, 'rsa-3072': 1, 'p-256': 3, 'p-384': 3 };
const keyRing = new Map<string, KeyPair>();

function keyPair(kind: KeyKind, prng: Prng): KeyPair {
  const slot = `${kind}/${prng.below(KEYS[kind])}`;
  let pair = keyRing.get(slot);
  if (!pair) {
    const { privateKey, publicKey } = makeKeys(kind);
    pair = {
      privateKey,
      privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      publicDer: publicKey.export({ type: 'spki', format: 'der' }),
    };
    keyRing.set(slot, pair);
  }
  return pair;
}

function makeKeys(kind: KeyKind): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  if (kind === 'rsa-2048') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'rsa-3072') return generateKeyPairSync('rsa', { modulusLength: 3072 });
  return generateKeyPairSync('ec', { namedCurve: kind === 'p-256' ? 'P-256' : 'P-384' });
}

/** Signature algorithm identifiers: sha256WithRSAEncryption carries a NULL, ecdsa-with-SHA256 nothing (RFC 4055, 5758). */
function signatureAlgorithm(key: KeyObject): Uint8Array {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(objectIdentifier('1.2.840.113549.1.1.11'), tlv(0x05))
    : sequence(objectIdentifier('1.2.840.10045.4.3.2'));
}

interface Subject {
  readonly commonName: string;
  readonly organisation: string;
}

function name({ commonName, organisation }: Subject): Uint8Array {
  const attribute = (oid: string, text: string) => tlv(Tag.Set, sequence(objectIdentifier(oid), utf8(text)));
  return sequence(...(organisation ? [attribute('2.5.4.10', organisation)] : []), attribute('2.5.4.3', commonName));
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(objectIdentifier(oid), ...(critical ? [tlv(Tag.Boolean, Uint8Array.of(0xff))] : []), octets(value));
}

interface Statement {
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly authority: boolean;
  readonly names: readonly string[];
  readonly validDays: number;
  readonly statusUrl: string;
}

/** One certificate, DER. Its length varies by a few bytes with an ECDSA issuer: each half of that signature is an integer. */
function certificate(prng: Prng, statement: Statement, subjectKey: KeyPair, issuer: KeyPair): Uint8Array {
  const issuerKey = issuer.privateKey;
  const from = new Date(Date.UTC(2025, prng.below(3), prng.integer(1, 28)));
  const until = new Date(from.getTime() + statement.validDays * 86_400_000);
  const serial = prng.bytes(new Uint8Array(16));
  serial[0] = 0x40 | (serial[0]! & 0x3f); // keeps the DER length fixed
  const extensions = [
    extension('2.5.29.14', false, octets(prng.bytes(new Uint8Array(20)))),
    extension('2.5.29.35', false, sequence(tlv(contextTag(0, false), prng.bytes(new Uint8Array(20))))),
    extension('2.5.29.19', true, statement.authority ? sequence(tlv(Tag.Boolean, Uint8Array.of(0xff))) : sequence()),
    extension('2.5.29.15', true, statement.authority ? bits(Uint8Array.of(0x06), 1) : bits(Uint8Array.of(0x80), 7)),
  ];
  if (statement.names.length > 0) {
    extensions.push(
      extension('2.5.29.17', false, sequence(...statement.names.map((host) => tlv(contextTag(2, false), ascii(host))))),
    );
    extensions.push(extension('2.5.29.37', false, sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))));
  }
  if (statement.statusUrl) {
    const location = tlv(contextTag(6, false), ascii(statement.statusUrl));
    extensions.push(
      extension('1.3.6.1.5.5.7.1.1', false, sequence(sequence(objectIdentifier('1.3.6.1.5.5.7.48.1'), location))),
    );
  }
  const body = sequence(
    tlv(contextTag(0, true), integer(Uint8Array.of(2))),
    integer(serial),
    signatureAlgorithm(issuerKey),
    name(statement.issuer),
    sequence(utcTime(from), utcTime(until)),
    name(statement.subject),
    subjectKey.publicDer,
    tlv(contextTag(3, true), sequence(...extensions)),
  );
  return sequence(body, signatureAlgorithm(issuerKey), bits(sign('sha256', body, issuerKey)));
}

function pem(der: Uint8Array): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n'); // no empty line at the end
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

const KEY_KINDS: readonly { readonly weight: number; readonly value: KeyKind }[] = [
  { weight: 30, value: 'rsa-2048' },
  { weight: 5, value: 'rsa-3072' },
  { weight: 55, value: 'p-256' },
  { weight: 10, value: 'p-384' },
];

const AUTHORITIES = ['Northgate Trust', 'Bluefin Encryption', 'Open Harbour', 'Certwell', 'Lantern PKI'];

/** A made-up authority's own certificate, PEM: a server that asks for certificates names those it trusts. */
export function drawAuthority(prng: Prng): string {
  const pair = keyPair(prng.chance(0.5) ? 'rsa-2048' : 'p-256', prng);
  const brand = prng.pick(AUTHORITIES);
  const subject = { commonName: `${brand} Clients CA ${prng.integer(1, 9)}`, organisation: brand };
  const statement = { subject, issuer: subject, authority: true, names: [], validDays: 3650, statusUrl: '' };
  return pem(certificate(prng, statement, pair, pair));
}

/** What a leaf says and how long its chain is. */
interface Leaf {
  readonly keyKind: KeyKind;
  readonly chainLength: number;
  readonly organisation: string;
  readonly names: readonly string[];
  readonly validDays: number;
}

function drawLeaf(prng: Prng, host: string): Leaf {
  const parent = host.slice(host.indexOf('.') + 1);
  return {
    keyKind: prng.pickWeighted(KEY_KINDS),
    chainLength: prng.pick([1, 2, 2, 2, 3]),
    organisation: prng.chance(0.3) ? `${host.split('.')[1] ?? host} ltd` : '',
    names: [host, parent, `www.${parent}`, `api.${parent}`, `*.${parent}`].slice(0, prng.pick([1, 1, 2, 3, 5])),
    validDays: prng.pick([90, 90, 90, 365, 398, 3650]),
  };
}

/** The front of a content delivery network orders one kind for all: the customer's domain and whatever is under it, for 90 days. */
function drawFrontLeaf(prng: Prng, host: string): Leaf {
  const parent = host.slice(host.indexOf('.') + 1);
  return {
    keyKind: prng.chance(0.85) ? 'p-256' : 'rsa-2048',
    chainLength: prng.pick([2, 3, 3]),
    organisation: '',
    names: [parent, `*.${parent}`],
    validDays: 90,
  };
}

/**
 * Draws a server's credentials: key, names, validity, and a chain of one to three certificates.
 * @param isFront whether a content delivery network stands in for the host
 */
export function drawCredentials(prng: Prng, host: string, isFront = false): Credentials {
  const leaf = isFront ? drawFrontLeaf(prng, host) : drawLeaf(prng, host);
  const { chainLength, names, validDays } = leaf;
  const leafPair = keyPair(leaf.keyKind, prng);
  const subject = { commonName: isFront ? names[0]! : host, organisation: leaf.organisation };
  const brand = prng.pick(AUTHORITIES);
  const statusUrl = prng.chance(0.7)
    ? `http://ocsp.${brand.toLowerCase().replace(' ', '-')}.example/${prng.hex(4)}`
    : '';
  const keyPem = leafPair.privatePem;
  if (chainLength === 1) {
    const alone = { subject, issuer: subject, authority: false, names, validDays, statusUrl: '' };
    return { keyPem, chainPem: pem(certificate(prng, alone, leafPair, leafPair)) };
  }
  const issuerPair = keyPair(prng.chance(0.45) ? 'rsa-2048' : 'p-256', prng);
  const issuer = { commonName: `${brand} R${prng.integer(1, 12)}`, organisation: brand };
  const root = { commonName: `${brand} Root X${prng.integer(1, 3)}`, organisation: brand };
  const parts = [
    certificate(prng, { subject, issuer, authority: false, names, validDays, statusUrl }, leafPair, issuerPair),
    certificate(
      prng,
      { subject: issuer, issuer: root, authority: true, names: [], validDays: 1825, statusUrl },
      issuerPair,
      issuerPair,
    ),
  ];
  if (chainLength === 3) {
    const statement = { subject: root, issuer: root, authority: true, names: [], validDays: 7300, statusUrl: '' };
    parts.push(certificate(prng, statement, issuerPair, issuerPair));
  }
  return { keyPem, chainPem: parts.map(pem).join('') };
}
