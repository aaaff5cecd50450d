/** Indicators in one form: how a value is written does not matter, and what names too much is refused. */
import { parse } from 'tldts';
import { type Network, parseAddress, parseNetwork, textOfAddress } from '../../features/rows/address.ts';
import { hostName } from '../evidence/names/host.ts';
import { isSpecialNetwork } from './addresses.ts';
import { FEED_LIMITS, POISON } from './limits.ts';

/** What an indicator is compared with. */
export const IndicatorKind = {
  Domain: 'domain',
  Address: 'address',
  Network: 'network',
  /** An address with a port. */
  Endpoint: 'endpoint',
  Port: 'port',
  Ja3: 'ja3',
  Ja4: 'ja4',
  Certificate: 'certificate',
} as const;
export type IndicatorKind = (typeof IndicatorKind)[keyof typeof IndicatorKind];

/** Why a row of a feed is not kept. */
export const Refusal = {
  /** No indicator, of a type that flows do not have (file hashes, URLs with a path), or a pattern that is not understood. */
  NotUnderstood: 'not understood',
  /** A public suffix, a single label, a network of a whole provider, a port that everybody uses. */
  TooBroad: 'too broad',
  /** Private, loopback, multicast, documentation, public resolvers. */
  Special: 'special addresses',
  Popular: 'popular domains',
} as const;
export type Refusal = (typeof Refusal)[keyof typeof Refusal];

export interface Indicator {
  readonly kind: IndicatorKind;
  /** The value as it is compared and shown. */
  readonly value: string;
}

/** Names of types in feeds, of this program, STIX, MISP and others, to what they are here. */
const TYPES: Readonly<Record<string, IndicatorKind>> = {
  domain: 'domain',
  'domain-name': 'domain',
  hostname: 'domain',
  host: 'domain',
  fqdn: 'domain',
  sni: 'domain',
  'hostname|port': 'domain',
  'domain|ip': 'domain',
  ip: 'address',
  address: 'address',
  ipv4: 'address',
  ipv6: 'address',
  'ipv4-addr': 'address',
  'ipv6-addr': 'address',
  'ip-dst': 'address',
  'ip-src': 'address',
  network: 'address',
  cidr: 'address',
  endpoint: 'endpoint',
  'ip:port': 'endpoint',
  'ip-port': 'endpoint',
  'ip-dst|port': 'endpoint',
  'ip-src|port': 'endpoint',
  port: 'port',
  'dst-port': 'port',
  ja3: 'ja3',
  'ja3-fingerprint-md5': 'ja3',
  ja4: 'ja4',
  'ja4-fingerprint': 'ja4',
  certificate: 'certificate',
  cert: 'certificate',
  'x509-fingerprint-sha256': 'certificate',
  'x509-fingerprint-sha1': 'certificate',
  'cert-sha256': 'certificate',
  'cert-sha1': 'certificate',
  ssl: 'certificate',
};

const JA4 = /^[tqd](?:1[0-3]|s[23]|d[123]|00)[di]\d{4}[0-9a-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/;
const MD5 = /^[0-9a-f]{32}$/;
const SHA1_OR_256 = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Digests of certificates as browsers and openssl write them. */
const COLONS = /^(?:[0-9a-f]{2}:){19,31}[0-9a-f]{2}$/i;
/** Digests of nothing: what careless tools write where they had nothing to hash. */
const OF_NOTHING = new Set([
  'd41d8cd98f00b204e9800998ecf8427e',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
]);
const COMMON_PORTS = new Set([
  20, 21, 22, 23, 25, 53, 67, 80, 110, 123, 143, 389, 443, 445, 465, 587, 853, 993, 995, 3389, 5353, 8080, 8443,
]);
/** Endings of names that are no domain (RFC 6761, RFC 6762, RFC 8375, and what hosts files begin with). */
const LOCAL_SUFFIXES = new Set(
  'localhost local localdomain localnet broadcasthost internal intranet lan home corp test example invalid onion arpa'.split(
    ' ',
  ),
);
const SCHEME = /^(?:https?|stratum\+\w+|tcp|ssl|tls):\/\//i;

/** The kind that a feed's name of a type stands for; null if flows have no such thing. */
export function kindOfType(type: string): IndicatorKind | null {
  const name = type.trim().toLowerCase().replaceAll('_', '-');
  return Object.hasOwn(TYPES, name) ? TYPES[name]! : null;
}

/** What a list may name. */
export interface ListPolicy {
  /** Domains that no feed may list. */
  readonly popular: ReadonlySet<string>;
  /** Whether what names everybody is refused. An allow-list may name networks of one's own, and whole suffixes. */
  readonly isGuarded: boolean;
}

export const ALLOW_LIST: ListPolicy = { popular: new Set(), isGuarded: false };

/** @param kind what the feed says it is; null to tell by its looks */
export function readIndicator(kind: IndicatorKind | null, written: string, policy: ListPolicy): Indicator | Refusal {
  const value = written.trim();
  if (value === '' || value.length > FEED_LIMITS.valueCharacters) return Refusal.NotUnderstood;
  switch (kind ?? kindOfValue(value)) {
    case IndicatorKind.Domain:
      return domainIndicator(value, policy);
    case IndicatorKind.Address:
    case IndicatorKind.Network:
      return networkIndicator(value, policy);
    case IndicatorKind.Endpoint:
      return endpointIndicator(value, policy);
    case IndicatorKind.Port:
      return portIndicator(value, policy);
    case IndicatorKind.Ja3:
      return digestIndicator(IndicatorKind.Ja3, value.toLowerCase(), MD5);
    case IndicatorKind.Ja4:
      return digestIndicator(IndicatorKind.Ja4, value, JA4);
    case IndicatorKind.Certificate:
      return digestIndicator(IndicatorKind.Certificate, value.toLowerCase().replaceAll(':', ''), SHA1_OR_256);
  }
}

function kindOfValue(value: string): IndicatorKind {
  if (COLONS.test(value)) return IndicatorKind.Certificate;
  if (/^[0-9.]+(?:\/\d+)?$/.test(value) || /^[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d+)?$/i.test(value)) {
    return /^[0-9.]+:\d+$/.test(value) ? IndicatorKind.Endpoint : IndicatorKind.Address;
  }
  if (/^\[[0-9a-f:.]+\]:\d+$/i.test(value)) return IndicatorKind.Endpoint;
  if (JA4.test(value)) return IndicatorKind.Ja4;
  if (MD5.test(value.toLowerCase())) return IndicatorKind.Ja3;
  if (SHA1_OR_256.test(value.toLowerCase())) return IndicatorKind.Certificate;
  return IndicatorKind.Domain;
}

function domainIndicator(written: string, { popular, isGuarded }: ListPolicy): Indicator | Refusal {
  // A list of addresses of pages: the whole host is meant only where nothing of it is named.
  const value = written.replace(SCHEME, '').replace(/\/$/, '').split('|')[0]!;
  const name = hostName(value.replace(/^\.+/, ''));
  if (name === null) return Refusal.NotUnderstood;
  // Of the private part of the list of suffixes too: `github.io` holds the pages of many.
  const { domain, isIp } = parse(name, { allowPrivateDomains: true, validateHostname: false, extractHostname: false });
  if (isIp === true) return Refusal.NotUnderstood;
  if (isGuarded && (domain === null || LOCAL_SUFFIXES.has(name.slice(name.lastIndexOf('.') + 1))))
    return Refusal.TooBroad;
  if (popular.has(name) || (name.startsWith('www.') && popular.has(name.slice(4)))) return Refusal.Popular;
  return { kind: IndicatorKind.Domain, value: name };
}

function networkIndicator(value: string, { isGuarded }: ListPolicy): Indicator | Refusal {
  const network = parseNetwork(value.replace(/^\[(.*)\]$/, '$1'));
  if (network === null) return Refusal.NotUnderstood;
  const shortest = network.bytes.length === 4 ? POISON.shortestPrefix4 : POISON.shortestPrefix6;
  if (isGuarded && network.length < shortest) return Refusal.TooBroad;
  if (isGuarded && isSpecialNetwork(network)) return Refusal.Special;
  const whole = network.length === network.bytes.length * 8;
  return whole
    ? { kind: IndicatorKind.Address, value: textOfAddress(network.bytes) }
    : { kind: IndicatorKind.Network, value: networkText(network) };
}

function endpointIndicator(value: string, { isGuarded }: ListPolicy): Indicator | Refusal {
  const [, address = '', port = ''] = /^\[?([0-9a-f:.]+?)\]?[:|](\d{1,5})$/i.exec(value) ?? [];
  const bytes = parseAddress(address);
  if (bytes === null || Number(port) < 1 || Number(port) > 65_535) return Refusal.NotUnderstood;
  if (isGuarded && isSpecialNetwork({ bytes, length: bytes.length * 8 })) return Refusal.Special;
  return { kind: IndicatorKind.Endpoint, value: endpointText(textOfAddress(bytes), Number(port)) };
}

function portIndicator(value: string, { isGuarded }: ListPolicy): Indicator | Refusal {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65_535) return Refusal.NotUnderstood;
  if (isGuarded && COMMON_PORTS.has(port)) return Refusal.TooBroad;
  return { kind: IndicatorKind.Port, value: String(port) };
}

function digestIndicator(kind: IndicatorKind, value: string, form: RegExp): Indicator | Refusal {
  if (!form.test(value)) return Refusal.NotUnderstood;
  return OF_NOTHING.has(value) ? Refusal.TooBroad : { kind, value };
}

/** `192.0.2.0/24`, with the bits that do not count as 0. */
export function networkText({ bytes, length }: Network): string {
  return `${textOfAddress(masked(bytes, length))}/${length}`;
}

/** The address with all but its first bits as 0. */
export function masked(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))));
}

/** `192.0.2.1:3333`, `[2001:db8::1]:3333`. */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
