/** The shipped model and all evidence on recorded traffic: what is found, by what, how early, and how often wrongly. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alarmBound, print } from './text.mjs';

/** Rows while flows live, so that the first moment of a verdict is known to the minute. */
const EMITTED = ['end', 'interval:60', 'prefix:5', 'prefix:10', 'prefix:20', 'prefix:60'];
const EMIT = EMITTED.flatMap((kind) => ['--emit', kind]);
const MINING = [
  'nesfit/*.pcapng',
  'zeek-cryptomining/*.pcap',
  'coiniumserv/*.pcapng',
  'ifip119-headers-only/*.pcap',
  '../../oracle/ndpi/pcap/mining.pcapng',
];
/** Captures that the lab may be fitted to. */
const FITTED = /eth-eu1|pool\.eth|zec-eu1/;
const BENIGN = {
  'alexa-voice': ['labelled/alexa-voice', '*.pcap'],
  'iot-lifecycle': ['labelled/iot-lifecycle', '**/*.pcap'],
  'mobile-apps': ['labelled/mobile-apps', '**/*.pcap*'],
  'periodic-c2': ['labelled/periodic-c2', '**/*.pcap'],
  'quic-apps': ['labelled/quic-apps', '**/*.pcap.gz'],
  'nDPI captures': ['oracle/ndpi/pcap', null],
};
/** What a tap that cuts payloads off leaves null. */
const PAYLOAD = /^(fwd|bwd)_first_|^mining_|^http_|^tls_|^sni|^cert_|^ja[34]|^alpn/;
const FIVE_MINUTES_US = 300e6;
const LONG = 20;
const KEPT =
  'capture,flow_id,part,row_kind,src_ip,src_port,dst_ip,dst_port,protocol,label,duration_us,fwd_packets,bwd_packets,fwd_payload_packets,bwd_payload_packets,mining_dialect,predicted,score,verdict,risk,evidence';

export function verdictResults(tools) {
  const mining = flowsOf(rowsOf(scoredCaptures('mining', MINING, tools)));
  const hidden = flowsOf(rowsOf(scoredHidden(tools)));
  plainText(mining);
  sessions(hidden);
  hiddenInTls(hidden);
  falseAlarms(mining, tools);
  timeToVerdict(mining, hidden);
}

function plainText(flows) {
  const rows = flows.filter(({ label, file }) => label !== 'background' && !file.includes('ifip119'));
  const heads = ['label of flows.csv', 'flows', 'mining messages found', 'called mining'];
  const byLabel = grouped(rows, ({ label }) => label);
  const line = (name, of) => [name, of.length, of.filter(isRead).length, of.filter(isCalled).length];
  print('Plain text: flows that are labelled mining', heads, [
    ...[...byLabel].map(([label, of]) => line(label, of)),
    line('all', rows),
  ]);
}

function sessions(flows) {
  const long = flows.filter(
    ({ label, file, packets }) => label !== 'background' && !file.includes('ifip119') && packets >= LONG,
  );
  const heads = ['sessions of 20 packets or more, payload hidden', 'n', 'called mining', 'more likely mining than not'];
  const line = (text, of) => [text, of.length, of.filter(isCalled).length, of.filter(isLikely).length];
  const lasting = long.filter(({ durationUs }) => durationUs >= 60e6);
  print('Plain sessions by behaviour alone', heads, [
    line('all', long),
    line('of these, a minute or longer', lasting),
    line(
      'all, without captures that the lab may be fitted to',
      long.filter(({ file }) => !FITTED.test(file)),
    ),
  ]);
}

function hiddenInTls(flows) {
  const heads = ['capture', 'probability within 5 minutes, at most', 'at its end', 'called mining within 5 minutes'];
  const rows = flows.filter(({ label, file }) => label !== 'background' && file.includes('ifip119'));
  print(
    'Mining hidden in TLS, by behaviour alone',
    heads,
    rows.map(({ file, rows: own }) => {
      const early = own.filter(({ duration_us: us, row_kind: kind }) => us <= FIVE_MINUTES_US && kind !== 'end');
      const most = Math.max(0, ...early.map(probabilityOf));
      const called = early.some(({ verdict }) => verdict === 'mining');
      return [file.split('/').at(-1), most.toFixed(3), probabilityOf(own.at(-1)).toFixed(3), called ? 'yes' : 'no'];
    }),
  );
}

function falseAlarms(miningFlows, tools) {
  const benign = Object.entries(BENIGN).map(([name, [folder, glob]]) => {
    const path = scoredCaptures(
      name.replace(' ', '-'),
      glob === null ? othersOf(folder, tools) : [glob],
      tools,
      folder,
    );
    return [name, flowsOf(rowsOf(path))];
  });
  const rest = miningFlows.filter(({ label }) => label === 'background');
  const sets = [['mining captures, the rest', rest], ...benign];
  const heads = [
    'folder',
    'flows',
    'judged',
    'called mining',
    'mining messages found',
    'share of judged, at most (95 %)',
  ];
  const line = (name, of) => {
    const judged = of.filter(isJudged);
    const alarms = judged.filter(isCalled).length;
    const bound = judged.length === 0 ? '-' : `${(100 * alarmBound(alarms, judged.length)).toFixed(2)} %`;
    return [name, of.length, judged.length, of.filter(isCalled).length, of.filter(isRead).length, bound];
  };
  print('False alarms, any row of a flow', heads, [
    ...sets.map(([name, of]) => line(name, of)),
    line(
      'all',
      sets.flatMap(([, of]) => of),
    ),
  ]);
}

function timeToVerdict(mining, hidden) {
  const heads = ['source', 'flows found', 'median packets', 'median seconds'];
  const first = (flows, isIt) =>
    flows.flatMap(({ label, rows }) => {
      const row = label === 'background' ? undefined : rows.find(isIt);
      return row === undefined ? [] : [row];
    });
  const line = (name, rows) => [
    name,
    rows.length,
    median(rows.map(packetsOf)) ?? '-',
    rows.length === 0 ? '-' : (median(rows.map(({ duration_us: us }) => us)) / 1e6).toFixed(1),
  ];
  print('Time to verdict: the first row that says mining (at packets 5, 10, 20, 60, each minute, the end)', heads, [
    line('protocol', first(mining, hasRead)),
    line('names (a hint, no verdict)', first(mining, hasName)),
    line(
      'behaviour',
      first(hidden, ({ verdict }) => verdict === 'mining'),
    ),
  ]);
}

const hasRead = ({ evidence }) => evidence.some(({ source, weight }) => source === 'protocol' && weight > 2);
const hasName = ({ evidence }) => evidence.some(({ source, weight }) => source === 'names' && weight >= 1);
const isRead = ({ rows }) => rows.some(hasRead);
const isCalled = ({ rows }) => rows.some(({ verdict }) => verdict === 'mining');
const isLikely = ({ rows }) => rows.some((row) => isSpokenOf(row) && probabilityOf(row) >= 0.5);
const isJudged = ({ rows }) => rows.some(isSpokenOf);
const isSpokenOf = ({ protocol, fwd_payload_packets: fwd, bwd_payload_packets: bwd }) =>
  protocol === 'tcp' && fwd + bwd >= 5;
const packetsOf = ({ fwd_packets: fwd, bwd_packets: bwd }) => fwd + bwd;

function probabilityOf({ predicted, score }) {
  return predicted === 'mining' ? score : 1 - score;
}

function grouped(values, keyOf) {
  const groups = new Map();
  for (const value of values) {
    const key = keyOf(value);
    if (groups.has(key)) groups.get(key).push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function flowsOf(rows) {
  const flows = grouped(rows, ({ capture, flow_id: id }) => `${capture} ${id}`);
  return [...flows.values()].map((unordered) => {
    const own = unordered.toSorted(
      (a, b) => a.part - b.part || a.duration_us - b.duration_us || packetsOf(a) - packetsOf(b),
    );
    const [{ capture, label }] = own;
    const ends = own.filter(({ row_kind: kind }) => kind === 'end');
    const sum = (of) => ends.reduce((total, row) => total + of(row), 0);
    return { file: capture, label, rows: own, packets: sum(packetsOf), durationUs: sum(({ duration_us: us }) => us) };
  });
}

function rowsOf(path) {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Builds and scores captures with everything there is to see. */
function scoredCaptures(name, globs, { data, at, flowlamp }, folder = 'labelled/mining') {
  const path = at(`verdict-${name}.jsonl`);
  if (!existsSync(path))
    flowlamp('score', tableOf(name, globs, { data, at, flowlamp }, folder), '-o', path, '--columns', KEPT);
  return path;
}

/** The same sessions, nothing of their payload left. */
function scoredHidden({ at, flowlamp }) {
  const path = at('verdict-hidden.jsonl');
  if (existsSync(path)) return path;
  const whole = at('verdict-mining-rows.jsonl');
  flowlamp('dataset', 'build', at('verdict-mining.json'), '-o', whole, ...EMIT);
  const hidden = at('verdict-hidden-rows.jsonl');
  const lines = readFileSync(whole, 'utf8').trimEnd().split('\n');
  const hide = (line) => JSON.stringify(JSON.parse(line), (key, value) => (PAYLOAD.test(key) ? null : value));
  writeFileSync(hidden, `${lines.map(hide).join('\n')}\n`);
  flowlamp('score', hidden, '-o', path, '--columns', KEPT);
  return path;
}

function tableOf(name, globs, { data, at, flowlamp }, folder) {
  const path = at(`verdict-${name}.arrow`);
  if (existsSync(path)) return path;
  const manifest = at(`verdict-${name}.json`);
  const isMining = name === 'mining';
  const labels = isMining ? { labels: [{ csv: join(data, 'mining/flows.csv'), columns: { label: 'dialect' } }] } : {};
  const captures = globs.map((glob) => ({ glob, ...(isMining ? {} : { label: 'background' }) }));
  const root = join(data, '..', folder);
  writeFileSync(manifest, JSON.stringify({ version: 1, root, captures, ...labels, default: 'background' }));
  flowlamp('dataset', 'build', manifest, '-o', path, ...EMIT);
  return path;
}

function othersOf(folder, { data }) {
  const files = readdirSync(join(data, '..', folder)).filter((name) => /\.(pcap|pcapng|cap)/.test(name));
  return files.filter((name) => name !== 'mining.pcapng');
}
