/** An authority and what it signs, made on the spot with the lab's DER. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
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
} from '../../../datasets/lab/encapsulation/der.ts';

export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly keyObject: KeyObject;
}

const DAY_MS = 86_400_000;
let serial = 1;

/** @param issuer none for an authority, which signs itself */
export function makeIdentity(name: string, issuer: Identity | null = null): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  const isAuthority = issuer === null;
  const basic = isAuthority ? sequence(tlv(Tag.Boolean, Uint8Array.of(0xff))) : sequence();
  const address = tlv(contextTag(7, false), Uint8Array.of(127, 0, 0, 1));
  const extensions = [
    sequence(objectIdentifier('2.5.29.19'), tlv(Tag.Boolean, Uint8Array.of(0xff)), octets(basic)),
    sequence(objectIdentifier('2.5.29.17'), octets(sequence(tlv(contextTag(2, false), ascii('localhost')), address))),
  ];
  const body = sequence(
    tlv(contextTag(0, true), integer(Uint8Array.of(2))),
    integer(Uint8Array.of(serial++)),
    algorithm,
    nameOf(issuer?.name ?? name),
    sequence(utcTime(new Date(Date.now() - DAY_MS)), utcTime(new Date(Date.now() + DAY_MS))),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(contextTag(3, true), sequence(...extensions)),
  );
  const der = sequence(body, algorithm, bits(sign('sha256', body, issuer?.keyObject ?? privateKey)));
  const base64 = Buffer.from(der).toString('base64');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name,
    keyObject: privateKey,
  };
}

function nameOf(commonName: string): Uint8Array {
  return sequence(tlv(Tag.Set, sequence(objectIdentifier('2.5.4.3'), utf8(commonName))));
}
