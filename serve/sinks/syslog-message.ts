/**
 * Messages of RFC 5424:
 *
 *     <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [SD-ID NAME="VALUE" ...] BOM MSG
 *
 * The enterprise number of the SD-ID, 32473, is the one that RFC 5612 sets apart for examples: the project has none of its
 * own.
 */
import { timeText } from '../../features/text/cell.ts';
import type { Alert, Item, SidecarRecord } from '../live/items.ts';
import { Row, weightiestFinding } from '../records/row.ts';

export const SD_ID = 'flowlamp@32473';
const APP_NAME = 'flowlamp';
const BOM = '\ufeff';
const NIL = '-';

/** RFC 5424 6.2.1. */
export const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const;
const Severity = { Critical: 2, Error: 3, Warning: 4, Notice: 5, Informational: 6 } as const;

export interface SyslogOptions {
  /** A name of FACILITIES. */
  readonly facility: string;
  readonly hostName: string;
  readonly processId: number;
  /** Of a whole message; text is cut to it, then parameters are left out. */
  readonly maxBytes: number;
}

/** Characters of a value: names come from strangers. */
const LONGEST_VALUE = 160;
/** Characters of the text. */
const LONGEST_TEXT = 1_000;

interface Message {
  readonly severity: number;
  readonly time: string;
  /** MSGID: what kind of message it is. */
  readonly id: string;
  readonly values: readonly (readonly [name: string, value: string | number | undefined | null])[];
  readonly text: string;
}

/** The message of an alert or a record; null of rows. */
export function syslogMessage(item: Item, options: SyslogOptions): Uint8Array | null {
  if (item.kind === 'rows') return null;
  const message = item.kind === 'alert' ? messageOfAlert(item) : messageOfRecord(item);
  return message === null ? null : written(message, options);
}

/** Risk 9 and 10 are critical, 7 and 8 errors, 4 to 6 warnings. */
function severityOf(risk: number | undefined): number {
  if (risk === undefined || risk < 4) return Severity.Notice;
  return risk >= 9 ? Severity.Critical : risk >= 7 ? Severity.Error : Severity.Warning;
}

function messageOfAlert({ rows, reason, before, heldBack, model }: Alert): Message | null {
  if (rows.length === 0) return null;
  const row = new Row(rows, 0);
  const [verdict, risk, score] = [row.text('verdict'), row.number('risk'), row.number('score')];
  const texts = ['verdict', 'predicted'].map((name) => [name, row.text(name)] as const);
  const flow = ['src_ip', 'dst_ip', 'protocol', 'community_id', 'sni', 'row_kind'];
  const numbers = ['src_port', 'dst_port', 'flow_id', 'part'];
  const source = ends(row, 'src');
  const finding = weightiestFinding(row.findings('evidence'))?.finding;
  return {
    severity: severityOf(risk),
    time: microseconds(timeText(row.time('last_seen') ?? 0n)),
    id: 'alert',
    values: [
      ['reason', reason],
      ...texts,
      ['score', score?.toFixed(3)],
      ['risk', risk],
      ['model', `${model.name}@${model.version}`],
      ['before', before],
      ['held_back', heldBack],
      ...flow.map((name) => [name, row.text(name)] as const),
      ...numbers.map((name) => [name, row.number(name)] as const),
    ],
    text: [
      `${verdict ?? 'unknown'}: ${source} -> ${ends(row, 'dst')} ${row.text('protocol') ?? ''}`,
      ...(risk === undefined ? [] : [`risk ${risk}`]),
      ...(finding === undefined ? [] : [finding]),
    ].join(', '),
  };
}

function ends(row: Row, end: 'src' | 'dst'): string {
  const address = row.text(`${end}_ip`) ?? '?';
  const port = row.number(`${end}_port`);
  const shown = address.includes(':') ? `[${address}]` : address;
  return port === undefined ? shown : `${shown}:${port}`;
}

/** What of a record is a text, a number or a truth value are parameters; all of it is the text, as JSON. */
function messageOfRecord({ record, time, body }: SidecarRecord): Message {
  const plain = Object.entries(body).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return {
    severity: record === 'drift' ? Severity.Warning : Severity.Informational,
    time: microseconds(time),
    id: record,
    values: plain.map(([name, value]) => [name, String(value)] as const),
    text: JSON.stringify(body),
  };
}

/** At most six decimals are allowed (RFC 5424 6.2.3). */
function microseconds(time: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(time) ? time.replace(/(\.\d{6})\d+/, '$1') : NIL;
}

function written({ severity, time, id, values, text }: Message, options: SyslogOptions): Uint8Array {
  const priority = Math.max(0, FACILITIES.indexOf(options.facility as never)) * 8 + severity;
  const host = headerWord(options.hostName, 255);
  const head = `<${priority}>1 ${time} ${host} ${APP_NAME} ${options.processId} ${headerWord(id, 32)} `;
  const most = options.maxBytes;
  let data = `[${SD_ID}`;
  for (const [name, value] of values) {
    if (value === undefined || value === null) continue;
    const parameter = ` ${parameterName(name)}="${parameterValue(String(value))}"`;
    if (Buffer.byteLength(head) + Buffer.byteLength(data) + Buffer.byteLength(parameter) + 1 <= most) data += parameter;
  }
  const start = `${head}${data}]`;
  const message = ` ${BOM}${visible(text.slice(0, LONGEST_TEXT))}`;
  const room = most - Buffer.byteLength(start);
  const isWorthIt = room > Buffer.byteLength(` ${BOM}`);
  return Buffer.from(isWorthIt ? start + cut(message, room) : start);
}

/** PRINTUSASCII, without blanks. */
function headerWord(text: string, most: number): string {
  const word = text.replace(/[^\x21-\x7e]/g, '').slice(0, most);
  return word === '' ? NIL : word;
}

/** SD-NAME: no blank, `=`, `]` or `"`. */
function parameterName(name: string): string {
  return name.replace(/[^\w.-]/g, '_').slice(0, 32);
}

/** `"`, `\` and `]` have to be escaped (RFC 5424 6.3.3). */
function parameterValue(value: string): string {
  return visible(value.slice(0, LONGEST_VALUE)).replace(/["\\\]]/g, '\\$&');
}

/** Control characters would end a line or steer a terminal, and lone surrogates are no UTF-8. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/** So much of the text as fits, to a whole character. */
function cut(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
