/**
 * Our rows beside what Zeek, Arkime and Suricata recorded of TLS over TCP. Rows are matched by endpoints; of Zeek's logs
 * those whose connection is in exactly one of its traces.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { COLUMNS } from '../../features/vector/schema.ts';
import { canonicalIp, conversations, NO_TIMEOUTS, type Ours } from '../features/flow/oracle/conversation.ts';
import { Tally } from '../features/flow/oracle/tally.ts';
import { sharedPath } from '../support/shared-data.ts';
import { explainArkimeTls, explainSuricataTls, explainZeekTls } from './tls-reasons.ts';

const EVERYTHING = { ...NO_TIMEOUTS, columns: COLUMNS.map(({ name }) => name) } as const;
const known = new Map<string, readonly Ours[]>();

/** The rows of a capture, every column. */
function rowsOf(path: string): readonly Ours[] {
  const rows = known.get(path) ?? conversations(path, EVERYTHING).ours.filter(({ protocol }) => protocol === 6);
  known.set(path, rows);
  return rows;
}

function keyOf(from: string, fromPort: unknown, to: string, toPort: unknown): string {
  return `${canonicalIp(from)} ${fromPort} ${canonicalIp(to)} ${toPort}`;
}

const keyOfRow = ({ from, fromPort, to, toPort }: Ours) => keyOf(from, fromPort, to, toPort);

function filesUnder(folder: string): string[] {
  return readdirSync(sharedPath(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .sort();
}

/** Drafts of TLS 1.3 are called TLS 1.3 here. */
const DRAFT = /[ -]draft-\S+$/;

const VERSIONS: Readonly<Record<string, string>> = {
  SSLv3: 'SSL 3.0',
  TLSv10: 'TLS 1.0',
  TLSv11: 'TLS 1.1',
  TLSv12: 'TLS 1.2',
  TLSv13: 'TLS 1.3',
};

/** RFC 8422 5.1.1, RFC 8446 4.2.7. */
const CURVES: Readonly<Record<string, number>> = {
  sect571r1: 14,
  secp256r1: 23,
  secp384r1: 24,
  secp521r1: 25,
  x25519: 29,
  x448: 30,
};

/** RFC 8446 B.2, as Zeek names them. */
const ALERTS: Readonly<Record<string, number>> = {
  close_notify: 0,
  unexpected_message: 10,
  handshake_failure: 40,
  bad_certificate: 42,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  decode_error: 50,
  protocol_version: 70,
  internal_error: 80,
  unrecognized_name: 112,
};

type Cells = Readonly<Record<string, string>>;

function zeekLog(path: string): Cells[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const logs: Cells[] = [];
  let names: string[] = [];
  for (const line of lines) {
    if (line.startsWith('#fields\t')) names = line.split('\t').slice(1);
    else if (line !== '' && !line.startsWith('#') && names.includes('version')) {
      const cells = line.split('\t');
      logs.push(Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '-'])));
    }
  }
  return logs;
}

/** Made from a trace that is not at hand, whose connection has the endpoints of another. */
const OTHER_TRACE = /tls-1\.2-late-protocol-error/;

/** Rows of all of Zeek's traces that speak TLS, by endpoints; those that several traces have are left out. */
function zeekRows(): Map<string, Ours | null> {
  const rows = new Map<string, Ours | null>();
  const folders = ['tls', 'ftp', 'ldap', 'rdp', 'postgresql', 'smtp', 'imap', 'mysql'];
  const files = folders.flatMap((folder) => {
    try {
      return filesUnder(`oracle/zeek/Traces/${folder}`);
    } catch {
      return []; // not every share of the traces has every folder
    }
  });
  for (const file of files.filter((each) => /\.(pcap|pcapng|trace)$/.test(each))) {
    const here = new Map<string, Ours>();
    for (const row of rowsOf(file)) if (row.row['tls_record_lengths'] !== null) here.set(keyOfRow(row), row);
    for (const [key, row] of here) rows.set(key, rows.has(key) ? null : row);
  }
  return rows;
}

export function compareZeekTls(): Tally {
  const tally = new Tally();
  const rows = zeekRows();
  const seen = new Set<string>();
  for (const file of filesUnder('oracle/zeek/Baseline').filter(
    (path) => /ssl[^/]*\.log$/.test(path) && !OTHER_TRACE.test(path),
  )) {
    for (const cells of zeekLog(file)) {
      const key = keyOf(cells['id.orig_h']!, cells['id.orig_p'], cells['id.resp_h']!, cells['id.resp_p']);
      const ours = rows.get(key)?.row;
      // One trace is logged by several tests; each connection counts once.
      if (ours === undefined || seen.has(key)) continue;
      seen.add(key);
      compareZeekRow(`${file.split('/Baseline/')[1]}: ${key}`, cells, ours, tally);
    }
  }
  return tally;
}

function compareZeekRow(where: string, cells: Cells, ours: Ours['row'], tally: Tally): void {
  const compare = (what: string, told: unknown, mine: unknown) =>
    tally.compare(where, what, told, mine, () => explainZeekTls(where));
  const cell = (name: string) => (cells[name] === undefined || cells[name] === '-' ? null : cells[name]);
  const version = cell('version');
  if (version !== null) compare('version', VERSIONS[version.replace(/-.*/, '')] ?? version, ours['tls_version']);
  if (cell('curve') !== null) compare('curve', CURVES[cell('curve')!] ?? cell('curve'), ours['tls_exchange_group']);
  if ('server_name' in cells) compare('server name', cell('server_name'), ours['sni']);
  if ('resumed' in cells) compare('resumed', cells['resumed'] === 'T', ours['tls_resumed'] ?? false);
  if ('established' in cells) compare('established', cells['established'] === 'T', ours['tls_established'] ?? false);
  if (cell('last_alert') !== null) {
    const alerts = [ours['tls_client_alert'], ours['tls_server_alert']];
    const told = ALERTS[cell('last_alert')!] ?? cell('last_alert');
    compare('last alert', told, alerts.find((each) => each === told) ?? alerts.join());
  }
  const chain = cell('cert_chain_fps');
  if (chain !== null && chain !== '(empty)') {
    const prints = chain.split(',');
    compare('certificate', prints[0], ours['cert_sha256']);
    compare('certificates in the chain', prints.length, (ours['cert_chain_bytes'] as number[] | null)?.length ?? 0);
  }
  const own = cells['client_cert_chain_fps'];
  if (own !== undefined) compare('client certificate', /[0-9a-f]{64}/.test(own), ours['cert_client_sent'] ?? false);
}

interface ArkimeCertificate {
  readonly hash: string;
  readonly subjectCN?: readonly string[];
  readonly subjectON?: readonly string[];
  readonly issuerCN?: readonly string[];
  readonly issuerON?: readonly string[];
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly alt?: readonly string[];
}

/** Arkime lists all certificates of both sides, in no order: our leaf has to be among them, with what it says. */
export function compareArkimeTls(): Tally {
  const tally = new Tally();
  const files = filesUnder('oracle/arkime');
  for (const file of files.filter((path) => path.endsWith('.test'))) {
    const capture = ['pcap', 'pcapng'].map((end) => file.replace(/test$/, end)).find((path) => files.includes(path));
    if (capture === undefined) continue;
    for (const { body } of JSON.parse(readFileSync(file, 'utf8')).sessions3 ?? []) {
      const certificates: readonly ArkimeCertificate[] = body.cert ?? [];
      if (body.ipProtocol !== 6 || (body.tls === undefined && certificates.length === 0)) continue;
      const key = keyOf(body.source.ip, body.source.port, body.destination.ip, body.destination.port);
      const back = keyOf(body.destination.ip, body.destination.port, body.source.ip, body.source.port);
      const mine = rowsOf(capture).filter((row) => [key, back].includes(keyOfRow(row)));
      compareSession(`${file.split('/').at(-1)}: ${key}`, body.tls?.version, certificates, mine, tally);
    }
  }
  return tally;
}

function compareSession(
  where: string,
  versions: readonly string[] | undefined,
  certificates: readonly ArkimeCertificate[],
  rows: readonly Ours[],
  tally: Tally,
): void {
  const compare = (what: string, told: unknown, mine: unknown) =>
    tally.compare(where, what, told, mine, () => explainArkimeTls(where));
  for (const version of versions ?? []) {
    const told =
      version === 'SSLv3'
        ? 'SSL 3.0'
        : version
            .replace('TLSv', 'TLS ')
            .replace(/^TLS 1$/, 'TLS 1.0')
            .replace(DRAFT, '');
    compare(
      'version',
      told,
      rows.map(({ row }) => row['tls_version']).find((each) => each === told),
    );
  }
  if (certificates.length === 0) return;
  const prints = certificates.map(({ hash }) => hash.replaceAll(':', ''));
  const row = rows.find((each) => prints.includes(String(each.row['cert_sha1'])))?.row;
  compare('a certificate is the one', 'found', row === undefined ? 'not found' : 'found');
  if (row === undefined) return;
  const told = certificates[prints.indexOf(String(row['cert_sha1']))]!;
  const lower = (text: unknown) => String(text ?? '').toLowerCase();
  compare('common name of the subject', lower(told.subjectCN?.at(-1)), lower(row['cert_subject_cn']));
  compare('organisation of the subject', told.subjectON?.at(-1) ?? null, row['cert_subject_org']);
  compare('common name of the issuer', lower(told.issuerCN?.at(-1)), lower(row['cert_issuer_cn']));
  compare('organisation of the issuer', told.issuerON?.at(-1) ?? null, row['cert_issuer_org']);
  compare('serial number', BigInt(`0x${told.serial}`), BigInt(`0x${row['cert_serial']}`));
  compare('validity', [told.notBefore / 1000, told.notAfter / 1000], [row['cert_not_before'], row['cert_not_after']]);
  const names = (row['cert_dns_names'] as string[] | null) ?? [];
  const alternatives = (told.alt ?? []).map(lower);
  compare(
    'DNS names',
    [],
    names.filter((name) => !alternatives.includes(lower(name))),
  );
}

/** Checks of Suricata's test.yaml that name fields of TLS; the form of those files is plain enough to read by lines. */
export function compareSuricataTls(): Tally {
  const tally = new Tally();
  const files = filesUnder('oracle/suricata-verify');
  for (const file of files.filter((path) => path.endsWith('/test.yaml'))) {
    const folder = file.replace(/test\.yaml$/, '');
    const text = readFileSync(file, 'utf8');
    const captures = files.filter((path) => path.startsWith(folder) && /\.pcap(ng)?$/.test(path));
    if (captures.length !== 1 || !/\btls\.\w+:/.test(text)) continue;
    for (const check of text.split(/\n\s*- filter:/).slice(1)) compareCheck(folder, check, captures[0]!, tally);
  }
  return tally;
}

function compareCheck(folder: string, check: string, capture: string, tally: Tally): void {
  // A folded value goes on in a line that is further in than its key.
  const folded = check.replace(/\n\s+(?=[^\s:#-][^:\n]*(?:\n|$))/g, ' ');
  const values = new Map<string, string>();
  for (const [, name, value] of folded.matchAll(/^\s*([\w.]+):[ \t]*(.+?)\s*$/gm)) {
    values.set(name!, value!.replace(/^(['"])(.*)\1$/, '$2'));
  }
  const told = (name: string) => values.get(name);
  if (told('event_type') !== 'tls' || told('count') === '0' || told('proto') === 'UDP') return;
  const rows = rowsOf(capture).filter(
    ({ row, fromPort, toPort }) =>
      row['tls_record_lengths'] !== null &&
      (told('src_port') === undefined || String(fromPort) === told('src_port')) &&
      (told('dest_port') === undefined || String(toPort) === told('dest_port')),
  );
  const where = `${folder.split('suricata-verify/')[1]} ${told('src_port') ?? ''}`;
  const compare = (what: string, name: string, mine: (row: Ours['row']) => unknown, form = (text: string) => text) => {
    if (told(name) === undefined) return;
    const wanted = form(told(name)!);
    const all = rows.map(({ row }) => String(mine(row)));
    tally.compare(where, what, wanted, all.find((each) => each === wanted) ?? all.join(), () =>
      explainSuricataTls(where),
    );
  };
  const seconds = (text: string) => String(Date.parse(`${text}Z`) / 1000);
  const lastOf = (key: string) => (text: string) =>
    new RegExp(`(?:^|, )${key}=([^=]*?)(?=, \\w+=|$)`).exec(text)?.[1] ?? 'null';
  compare(
    'version',
    'tls.version',
    (row) => row['tls_version'],
    (text) => text.replace(/^TLSv1$/, 'TLS 1.0').replace(DRAFT, ''),
  );
  compare('server name', 'tls.sni', (row) => row['sni']);
  compare('common name of the subject', 'tls.subject', (row) => row['cert_subject_cn'], lastOf('CN'));
  compare('organisation of the subject', 'tls.subject', (row) => row['cert_subject_org'], lastOf('O'));
  compare('common name of the issuer', 'tls.issuerdn', (row) => row['cert_issuer_cn'], lastOf('CN'));
  compare(
    'SHA-1',
    'tls.fingerprint',
    (row) => row['cert_sha1'],
    (text) => text.replaceAll(':', ''),
  );
  compare(
    'serial number',
    'tls.serial',
    (row) => (row['cert_serial'] === null ? null : BigInt(`0x${row['cert_serial']}`)),
    (text) => String(BigInt(`0x${text.replaceAll(':', '')}`)),
  );
  compare('beginning of validity', 'tls.notbefore', (row) => row['cert_not_before'], seconds);
  compare('end of validity', 'tls.notafter', (row) => row['cert_not_after'], seconds);
}
