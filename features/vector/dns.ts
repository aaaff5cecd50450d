/**
 * Group `dns`: what is asked and answered in flows of DNS, multicast DNS and LLMNR; and the name that was asked for before a
 * flow began. Never a model input.
 */
import type { DnsRecord } from '../protocol/dns/dns-record.ts';
import { typeName } from '../protocol/dns/message.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

const NOT_DNS = 'No DNS was read: it is looked for on the ports 53, 5353 and 5355.';
const NO_RESPONSE = 'No DNS response was read.';

export const DNS = {
  dns_name: {
    type: 'utf8',
    doc: "Name that the initiator had asked for when it was last told the responder's address, in this capture and before the flow began: what it looked for, no proof of whom it found.",
    nulls:
      'No such answer was seen, it is older than its time to live (at least 10 minutes and at most a day are allowed), or the table of names was full.',
  },
  dns_query: {
    type: 'utf8',
    doc: 'Name in the first question of the flow, in lower case; without questions (RFC 6762) that of the first answer.',
    nulls: NOT_DNS,
  },
  dns_query_type: {
    type: 'utf8',
    doc: 'Type of record asked for with it (IANA), `A`, `AAAA`, `HTTPS`, ...; unknown ones `TYPE` and the number.',
    nulls: NOT_DNS,
  },
  dns_rcode: {
    type: 'uint16',
    doc: 'Response code of the first response (RFC 1035 4.1.1, RFC 6891 6.1.3): 0 no error, 3 no such name.',
    nulls: NO_RESPONSE,
  },
  dns_answers: {
    type: 'list_utf8',
    doc: 'Addresses and names in the answers of all responses, each once, the first 16: A, AAAA, CNAME, PTR, NS, MX, SRV, HTTPS and SVCB records.',
    nulls: 'No such record was read.',
  },
  dns_txt_bytes: {
    type: 'uint32',
    unit: 'bytes',
    doc: 'Length of all TXT records in answers.',
    nulls: 'No TXT record was read.',
  },
  dns_queries: {
    type: 'uint32',
    unit: 'queries',
    doc: 'Queries in the flow, parts before this included.',
    nulls: NOT_DNS,
  },
} as const satisfies FeatureRows;

export function writeDns(facts: FactWriter, at: FactNumbers<typeof DNS>, dns: DnsRecord): void {
  const { bytes, type } = dns;
  if (dns.hasName) facts.utf8(at.dns_query, bytes, dns.nameAt, dns.nameEnd);
  facts.text(at.dns_query_type, type === null ? null : typeName(type));
  facts.number(at.dns_rcode, dns.rcode);
  facts.utf8List(at.dns_answers, dns.answerCount, bytes, dns.nameEnd, dns.end);
  facts.number(at.dns_txt_bytes, dns.txtBytes);
  facts.number(at.dns_queries, dns.queries);
}
