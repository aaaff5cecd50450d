/** Host names as they are compared: one form of each name, however it was written. */
import { parse } from 'tldts';
import { domainToAscii } from '../../../core/domain-names.ts';

export interface Host {
  /** In lower case, without port and trailing dot; internationalised names as `xn--` (RFC 5891). */
  readonly name: string;
  /** Registrable domain by the public suffix list without its private part; null if there is none. */
  readonly domain: string | null;
  /** The label of the registrable domain in front of its suffix: `example` of `www.example.co.uk`. */
  readonly label: string | null;
  /** What stands in front of the registrable domain, without the dot between them; '' if nothing does. */
  readonly subdomain: string;
}

/** RFC 1035 2.3.4, with the dots; some more room for names that become shorter. */
const MOST_CHARACTERS = 300;
/** Labels of letters, digits, hyphens and, as found in practice, underscores. */
const NAME = /^(?!.{254})[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/;
const ALL_ASCII = /^[\x21-\x7e]+$/;
const PORT = /:\d{1,5}$/;
/** The name is checked here, and holds no URL. */
const AS_IT_IS = { validateHostname: false, extractHostname: false } as const;

/**
 * @param text of a column: SNI, a name of DNS or of a certificate, or a Host field with or without its port
 * @returns null for what is no host name: addresses, wildcards without a name, control characters
 */
export function hostOf(text: string): Host | null {
  const name = hostName(text);
  if (name === null) return null;
  const { domain, domainWithoutSuffix, subdomain, isIp } = parse(name, AS_IT_IS);
  if (isIp === true) return null;
  return { name, domain, label: domainWithoutSuffix, subdomain: subdomain ?? '' };
}

/** The name of such a text in its one form, which may still be an address; null for what is no host name. */
export function hostName(text: string): string | null {
  if (text.length > MOST_CHARACTERS) return null;
  const written = text.replace(PORT, '').replace(/\.$/, '').replace(/^\*\./, '');
  // The conversion maps full-width letters and the ideographic full stop to what they stand for (UTS 46).
  const name = ALL_ASCII.test(written) ? written.toLowerCase() : domainToAscii(written);
  return NAME.test(name) ? name : null;
}

/** The name itself and all that it lies in, the longest first: cut at dots only, so no `evilpool.com` is in `pool.com`. */
export function* enclosing(name: string): Generator<string> {
  for (let at = 0; at >= 0; ) {
    yield name.slice(at);
    const dot = name.indexOf('.', at);
    at = dot < 0 ? -1 : dot + 1;
  }
}
