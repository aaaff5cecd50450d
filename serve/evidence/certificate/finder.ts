/**
 * Evidence of certificates, up to TLS 1.2: who says to have issued them, for how long, with what subject, and where else
 * the same one was shown. Anybody can claim anything in one, so this is never much.
 */
import { type Finding, numberCell, type Table, textCell } from '../../../core/table.ts';
import { textListAt } from '../../../core/text-list-column.ts';
import type { NameJudge } from '../../../models/names/ngram.ts';
import { isLocalAddress } from '../../intelligence/addresses.ts';
import { boolCell, lastSeenSeconds } from '../columns.ts';
import { hostOf } from '../names/host.ts';
import { safeText } from '../safe-text.ts';
import { type EvidenceFinder, EvidenceSource } from '../source.ts';
import { bounded, MOST_WEIGHT, NO_FINDINGS, strongestFirst } from '../weights.ts';
import { CertificateClusters, subjectShape } from './clusters.ts';

/** Weights; natural logarithms of likelihood ratios, chosen, not measured: docs/evidence.md. */
const PROXY_DEFAULT = 1.5;
const SELF_SIGNED = 0.3;
const LONG_VALIDITY = 0.3;
const SHORT_VALIDITY = 0.3;
const OUT_OF_DATE = 0.2;
const MADE_UP_SUBJECT = 0.4;
const SAME_AT_SERVERS = 0.5;
const SAME_FOR_NAMES = 0.4;
const ALIKE = 0.4;
/** Appliances of a local network sign their own certificates. */
const LOCAL_SHARE = 0.4;

const SECONDS_PER_DAY = 86_400;
/** Ten years and leap days: what nobody who lets others check a certificate asks for. */
const LONG_DAYS = 3653;
/** The shortest that public authorities give are six days. */
const SHORT_DAYS = 3;
const MANY = 3;

/** What a row says of the server's certificate. */
interface Seen {
  readonly subject: string | null;
  readonly organisation: string | null;
  readonly names: readonly string[];
  readonly isSelfSigned: boolean;
  readonly notBefore: number | null;
  readonly notAfter: number | null;
}

export class CertificateFinder implements EvidenceFinder {
  readonly source = EvidenceSource.Certificate;
  readonly #clusters: CertificateClusters;
  readonly #judge: NameJudge;

  /**
   * @param judge tells subjects that a program made up
   * @param clusters what was seen of certificates so far: rows must come in their order
   */
  constructor(judge: NameJudge, clusters = new CertificateClusters()) {
    this.#judge = judge;
    this.#clusters = clusters;
  }

  find(table: Table, row: number): readonly Finding[] {
    const fingerprint = textCell(table, 'cert_sha256', row);
    if (fingerprint === null) return NO_FINDINGS;
    const seen = seenAt(table, row);
    const address = textCell(table, 'dst_ip', row) ?? '';
    const findings = [
      ...this.#itself(table, row, seen),
      // Certificates of authorities lie on many servers of a service; that of one's own making seldom does.
      ...(seen.isSelfSigned ? this.#clustered(table, row, fingerprint, seen) : []),
    ];
    if (findings.length === 0) return NO_FINDINGS;
    const share = isLocalAddress(address) ? LOCAL_SHARE : 1;
    const weighed = findings.map((finding) => ({ ...finding, weight: finding.weight * share }));
    return bounded(strongestFirst(weighed), MOST_WEIGHT.certificate);
  }

  *#itself(table: Table, row: number, seen: Seen): Generator<Finding> {
    const { isSelfSigned, notBefore, notAfter, subject } = seen;
    const days = notBefore === null || notAfter === null ? null : (notAfter - notBefore) / SECONDS_PER_DAY;
    if (isProxyDefault(table, row, seen)) {
      yield this.#finding(
        'Its certificate is as xmrig-proxy makes one for itself (localhost, ten years).',
        PROXY_DEFAULT,
      );
    } else if (isSelfSigned) {
      yield this.#finding(`Its certificate for ${safeText(subject ?? 'nobody')} is self-signed.`, SELF_SIGNED);
      if (days !== null && days > LONG_DAYS) {
        yield this.#finding(`Its certificate is valid for ${Math.round(days / 365.25)} years.`, LONG_VALIDITY);
      }
    }
    if (days !== null && days < SHORT_DAYS) {
      yield this.#finding(
        `Its certificate is valid for ${days < 0 ? 'less than no' : days.toFixed(1)} days.`,
        SHORT_VALIDITY,
      );
    }
    const at = lastSeenSeconds(table, row);
    if (at !== null && ((notAfter !== null && at > notAfter) || (notBefore !== null && at < notBefore))) {
      yield this.#finding('Its certificate was not valid when the flow was seen.', OUT_OF_DATE);
    }
    const label = madeUpPart(subject, seen.organisation, this.#judge);
    if (label !== null)
      yield this.#finding(`Its certificate's subject ${safeText(label)} looks made up by a program.`, MADE_UP_SUBJECT);
  }

  *#clustered(table: Table, row: number, fingerprint: string, seen: Seen): Generator<Finding> {
    const server = `${textCell(table, 'dst_ip', row)} ${numberCell(table, 'dst_port', row)}`;
    const shape = subjectShape([seen.subject, seen.organisation, textCell(table, 'cert_issuer_cn', row)]);
    const sni = textCell(table, 'sni', row);
    const capture = textCell(table, 'capture', row) ?? '';
    const { servers, names, alike } = this.#clusters.add(capture, fingerprint, shape, server, sni);
    if (servers >= MANY) {
      yield this.#finding(`The same self-signed certificate was shown by ${servers} servers so far.`, SAME_AT_SERVERS);
    }
    if (names >= MANY) {
      yield this.#finding(`The same self-signed certificate was shown for ${names} names so far.`, SAME_FOR_NAMES);
    }
    if (alike >= MANY && !shape.startsWith('|')) {
      yield this.#finding(`${alike} self-signed certificates so far have subjects of the same shape.`, ALIKE);
    }
  }

  #finding(finding: string, weight: number): Finding {
    return { source: this.source, finding, weight };
  }
}

function seenAt(table: Table, row: number): Seen {
  const column = table.columns.get('cert_dns_names');
  return {
    subject: textCell(table, 'cert_subject_cn', row),
    organisation: textCell(table, 'cert_subject_org', row),
    names: column?.type === 'list_utf8' ? (textListAt(column, row) ?? []) : [],
    isSelfSigned: boolCell(table, 'cert_self_signed', row) === true,
    notBefore: numberCell(table, 'cert_not_before', row),
    notAfter: numberCell(table, 'cert_not_after', row),
  };
}

/**
 * xmrig-proxy (src/base/net/tls/TlsGen.cpp, also in XMRig): RSA of 2048 bits, serial number 1, valid for 315,360,000 s, the
 * common name `localhost` if no other was asked for, and no other names.
 */
function isProxyDefault(table: Table, row: number, seen: Seen): boolean {
  const { isSelfSigned, subject, organisation, names, notBefore, notAfter } = seen;
  if (!isSelfSigned || subject !== 'localhost' || organisation !== null || names.length > 0) return false;
  if (notBefore === null || notAfter === null || notAfter - notBefore !== 3650 * SECONDS_PER_DAY) return false;
  return Number.parseInt(textCell(table, 'cert_serial', row) ?? '', 16) === 1;
}

/** The part of the subject that a program made up; null if none did. */
function madeUpPart(subject: string | null, organisation: string | null, judge: NameJudge): string | null {
  for (const text of [subject, organisation]) {
    if (text === null) continue;
    const host = text.includes('.') ? hostOf(text) : null;
    const label = host === null ? text.toLowerCase() : host.label;
    // Serial numbers and addresses are numbers, and are meant to be.
    if (label !== null && /[a-z]/.test(label) && judge.probability(label) >= judge.threshold) return text;
  }
  return null;
}
