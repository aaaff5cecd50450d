/**
 * What is read of HTTP, SSH and DNS beside what nDPI, Arkime and Zeek recorded of the same captures. The unit is one
 * recorded value; it is equal if a row between the same ends has it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import {
  byKey,
  canonicalIp,
  conversations,
  type Ends,
  keyOf,
  NO_TIMEOUTS,
  type Ours,
} from '../features/flow/oracle/conversation.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import type { Row } from '../support/rows.ts';
import { sharedPath } from '../support/shared-data.ts';
import { explainArkime, explainNdpi, masked } from './clear-reasons.ts';
import { zeekConnections } from './zeek-conn.ts';
import { ZEEK_TRACES } from './zeek-traces.ts';

const NDPI = 'oracle/ndpi';
const ARKIME = 'oracle/arkime';
const ZEEK = 'oracle/zeek/Traces';
const PROTOCOLS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17 };

type Rows = (ends: Ends) => readonly Row[];

/** Our rows of a capture, by their ends. */
function rowsIn(path: string): Rows {
  const groups: Map<string, Ours[]> = byKey(conversations(path, NO_TIMEOUTS).ours);
  return (ends) => (groups.get(keyOf(ends)) ?? []).map(({ row }) => row);
}

/** What the rows say in a column, each once; nothing if they say nothing. */
function said(rows: readonly Row[], column: string): string[] {
  return [...new Set(rows.flatMap((row) => (row[column] === null ? [] : [String(row[column])])))];
}

/** nDPI has one name of each flow. */
export function compareNdpiNames(): Tally {
  const tally = new Tally();
  const [head, ...lines] = readFileSync(sharedPath(`${NDPI}/flow_labels.csv`), 'utf8')
    .trim()
    .split('\n');
  const names = head!.split(',');
  const captures = new Map<string, Rows>();
  for (const line of lines) {
    const cells = line.split(',');
    const cell = (name: string) => cells[names.indexOf(name)]!.trim();
    const [protocol = ''] = cell('proto').split('.');
    const what = NDPI_NAMES[protocol];
    if (
      what === undefined ||
      cell('sni_or_host') === '' ||
      cell('client').includes('::]') ||
      cell('server').includes('::]:')
    )
      continue;
    const pcap = cell('pcap');
    const rows = captures.get(pcap) ?? rowsIn(sharedPath(`${NDPI}/pcap/${pcap}`));
    captures.set(pcap, rows);
    const ends = { protocol: PROTOCOLS[cell('l4')]!, ...endsOf(cell('client'), cell('server')) };
    const found = rows(ends);
    const ours = said(found, what.column).map((name) => what.asTheirs(name));
    const told = cell('sni_or_host');
    // nDPI prints `_` or `?` for what it takes for odd characters.
    const best = ours.some((name) => masked(name) === masked(told.toLowerCase())) ? told : String(ours);
    const title = pcap.startsWith('fuzz-') ? `${what.title}, damaged captures` : what.title;
    tally.compare(`${pcap} ${keyOf(ends)}`, title, told, best, () => explainNdpi(pcap, keyOf(ends), told));
  }
  return tally;
}

const NDPI_NAMES: Readonly<Record<string, { title: string; column: string; asTheirs: (name: string) => string }>> = {
  HTTP: { title: 'HTTP host', column: 'http_host', asTheirs: (name) => withoutPort(name.toLowerCase()) },
  DNS: { title: 'DNS name', column: 'dns_query', asTheirs: (name) => name },
  LLMNR: { title: 'LLMNR name', column: 'dns_query', asTheirs: (name) => name },
  MDNS: { title: 'multicast DNS name', column: 'dns_query', asTheirs: (name) => name },
};

function endsOf(client: string, server: string) {
  const split = (text: string) => {
    const at = text.lastIndexOf(':');
    return { ip: canonicalIp(text.slice(0, at).replace(/[[\]]/g, '')), port: Number(text.slice(at + 1)) };
  };
  const [from, to] = [split(client), split(server)];
  return { from: from.ip, fromPort: from.port, to: to.ip, toPort: to.port };
}

interface Session {
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
  readonly ipProtocol: number;
  readonly http?: {
    readonly host?: string[];
    readonly method?: string[];
    readonly statuscode?: number[];
    readonly useragent?: string[];
    readonly clientVersion?: string[];
  };
  readonly ssh?: { readonly version?: string[]; readonly hassh?: string[]; readonly hasshServer?: string[] };
  readonly dns?: readonly { readonly queryHost?: string; readonly qt?: string; readonly status?: string }[];
}

/** Arkime lists what all requests and messages of a session say; ours, what the first one says, must be among it. */
export function compareArkimeClear(): Tally {
  const tally = new Tally();
  const files = readdirSync(sharedPath(ARKIME));
  for (const file of files.filter((name) => name.endsWith('.test'))) {
    const name = file.replace(/\.test$/, '');
    const capture = [`${name}.pcap`, `${name}.pcapng`].find((each) => files.includes(each));
    if (capture === undefined) continue;
    const { sessions3 = [] } = JSON.parse(readFileSync(sharedPath(`${ARKIME}/${file}`), 'utf8'));
    const rows = rowsIn(sharedPath(`${ARKIME}/${capture}`));
    for (const { body } of sessions3 as { body: Session }[]) {
      const { source, destination, ipProtocol, http, ssh, dns } = body;
      if (source.ip === undefined) continue;
      const ends: Ends = {
        protocol: ipProtocol,
        from: canonicalIp(source.ip),
        fromPort: source.port,
        to: canonicalIp(destination.ip),
        toPort: destination.port,
      };
      const found = rows(ends);
      const check = (
        what: string,
        told: readonly (string | number | undefined)[] | undefined,
        ours: readonly string[],
      ) => {
        const values = (told ?? []).filter((value) => value !== undefined).map((value) => String(value).toLowerCase());
        if (values.length === 0) return;
        const isAmong = ours.length > 0 && ours.every((value) => values.includes(value.toLowerCase()));
        tally.compare(`${name} ${keyOf(ends)}`, what, values, isAmong ? values : ours, () => explainArkime(name));
      };
      check('HTTP method', http?.method, said(found, 'http_method'));
      // The server names of TLS and QUIC are listed there too.
      check('HTTP host', http?.method && http.host, said(found, 'http_host').map(withoutPort));
      check('HTTP status', http?.statuscode, said(found, 'http_status'));
      check('HTTP user agent', http?.useragent, said(found, 'http_user_agent'));
      check(
        'HTTP version',
        http?.clientVersion,
        said(found, 'http_version').map((version) => (version === 'h2c' ? '2.0' : version)),
      );
      check('SSH identification', ssh?.version, [...said(found, 'ssh_client'), ...said(found, 'ssh_server')]);
      check('HASSH', ssh?.hassh, said(found, 'hassh'));
      check('HASSH of servers', ssh?.hasshServer, said(found, 'hassh_server'));
      check(
        'DNS name',
        dns?.map(({ queryHost }) => queryHost?.replace('<root>', '.')).map((host) => domainToASCII(host ?? '') || host),
        said(found, 'dns_query'),
      );
      check(
        'DNS type',
        dns?.map(({ qt }) => qt),
        said(found, 'dns_query_type'),
      );
      check(
        'DNS response code',
        dns?.map(({ status }) => status),
        said(found, 'dns_rcode').map((code) => RCODES[Number(code)] ?? code),
      );
    }
  }
  return tally;
}

/** RFC 1035 4.1.1, RFC 2136 2.2 and RFC 6891 9. */
const RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMPL',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
  '',
  '',
  '',
  '',
  '',
  'BADSIG_VERS',
];

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

/** Zeek says which protocols a connection spoke; several of its tests do not ask for that, so what it does not say is nothing. */
export function compareZeekServices(): Tally {
  const tally = new Tally();
  for (const [log, trace] of Object.entries(ZEEK_TRACES)) {
    const rows = rowsIn(sharedPath(`${ZEEK}/${trace}`));
    for (const [key, connections] of byKey(zeekConnections(log))) {
      const found = rows(connections[0]!);
      const told = connections.flatMap(({ service }) => service.split(','));
      for (const [service, column] of Object.entries(SERVICES)) {
        if (found.length === 0 || !told.includes(service)) continue;
        const ours = said(found, column).length > 0 ? service : 'nothing';
        tally.compare(`${log} ${key}`, service.toUpperCase(), service, ours, () => null);
      }
    }
  }
  return tally;
}

const SERVICES = { http: 'http_requests', ssh: 'ssh_client', dns: 'dns_queries' } as const;
