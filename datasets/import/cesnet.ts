/** Data sets of CESNET: flows of ipfixprobe with the sequence of their first 30 packets. */
import {
  COUNT_COLUMNS,
  cell,
  count,
  IDENTITY_COLUMNS,
  type Importer,
  list,
  number,
  type OurRow,
  protocol,
  SEQUENCE_COLUMNS,
  type SourceRow,
  sequenceOf,
  timeOfText,
  timeOfUs,
} from './source.ts';

/** UniRec headers write the type before the name: `uint64 BYTES`. */
function plain(row: SourceRow): SourceRow {
  return Object.fromEntries(Object.entries(row).map(([name, text]) => [name.split(' ').at(-1)!, text]));
}

const has = (header: readonly string[], ...names: readonly string[]): boolean => {
  const own = new Set(header.map((name) => name.split(' ').at(-1)!));
  return names.every((name) => own.has(name));
};

/** Who spoke with whom, and how much. */
function endsAndCounts(row: SourceRow): OurRow {
  return {
    src_ip: cell(row, 'SRC_IP'),
    dst_ip: cell(row, 'DST_IP'),
    src_port: count(row, 'SRC_PORT'),
    dst_port: count(row, 'DST_PORT'),
    protocol: protocol(row, 'PROTOCOL'),
    fwd_packets: count(row, 'PACKETS'),
    bwd_packets: count(row, 'PACKETS_REV'),
    fwd_bytes: count(row, 'BYTES'),
    bwd_bytes: count(row, 'BYTES_REV'),
  };
}

/** https://zenodo.org/record/7189293; the evaluation and design sets of DeCrypto. */
export const MINER22: Importer = {
  name: 'cesnet-miner22',
  describes: 'CESNET-MINER22, decrypto_dataset_*.csv (doi 10.5281/zenodo.7189293)',
  knows: (header) => has(header, 'PPI_PKT_LENGTHS', 'PPI_PKT_DIRECTIONS', 'BYTES'),
  fills: [...IDENTITY_COLUMNS, ...COUNT_COLUMNS, ...SEQUENCE_COLUMNS],
  row: (written) => {
    const row = plain(written);
    const sizes = list(cell(row, 'PPI_PKT_LENGTHS'));
    const directions = list(cell(row, 'PPI_PKT_DIRECTIONS'));
    const times = timesOf(cell(row, 'PPI_PKT_TIMES'));
    const start = times?.[0] ?? timeUs(cell(row, 'TIME_FIRST'));
    const relative = times?.map((time) => time - times[0]!) ?? null;
    const last = relative === null || relative.length === 0 ? null : relative.at(-1)!;
    const end = timeUs(cell(row, 'TIME_LAST'));
    return {
      ...endsAndCounts(row),
      first_seen: timeOfUs(start),
      last_seen: timeOfUs(end),
      duration_us: end !== null && start !== null ? end - start : (last ?? null),
      label: cell(row, 'LABEL'),
      ...(sizes === null || directions === null ? {} : sequenceOf(sizes, directions, relative)),
    };
  },
  notes: [
    'PPI lengths are payload lengths; packets without payload are left out of payload_sizes, as ours are',
    'without TIME_LAST the duration is that of the first 30 packets',
    'labels are Miner and Other, as in the source',
  ],
};

/** `[2021-12-01T10:00:00.123|...]`, or numbers of seconds, in microseconds since 1970. */
function timesOf(text: string | null): number[] | null {
  if (text === null) return null;
  const numbers = list(text);
  if (numbers !== null) return numbers.map((time) => (time > 1e11 ? time * 1000 : time * 1e6));
  const times = text
    .trim()
    .replace(/^[[(]|[\])]$/g, '')
    .split(/[|,]\s*/)
    .map((part) => timeUs(part.replace(/^['"]|['"]$/g, '')));
  return times.every((time) => time !== null) ? times : null;
}

function timeUs(text: string | null): number | null {
  const time = timeOfText(text);
  if (time === null) return null;
  const milliseconds = Date.parse(time.replace(/(\.\d{3})\d+Z$/, '$1Z'));
  const below = /\.\d{3}(\d{1,3})/.exec(time)?.[1] ?? '';
  return Number.isNaN(milliseconds) ? null : milliseconds * 1000 + Number(below.padEnd(3, '0'));
}

function withPpi(
  name: string,
  describes: string,
  own: (row: SourceRow) => OurRow,
  fills: readonly string[],
  knows: Importer['knows'],
): Importer {
  return {
    name,
    describes,
    knows,
    fills: [...IDENTITY_COLUMNS, ...COUNT_COLUMNS, 'end_reason', ...SEQUENCE_COLUMNS, ...fills],
    row: (written) => {
      const row = plain(written);
      const seconds = number(row, 1, 'DURATION');
      return {
        ...endsAndCounts(row),
        first_seen: timeOfText(cell(row, 'TIME_FIRST')),
        last_seen: timeOfText(cell(row, 'TIME_LAST')),
        duration_us: seconds === null ? null : Math.round(seconds * 1e6),
        end_reason: endReason(row),
        label: cell(row, 'APP', 'SERVICE', 'LABEL'),
        ...ppiOf(cell(row, 'PPI')),
        ...own(row),
      };
    },
    notes: [
      'gaps between packets of PPI are in whole milliseconds, and so are payload_times_us',
      'an ACTIVE end at the exporter is not the active timeout here: CESNET cut flows after 300 s',
    ],
  };
}

function endReason(row: SourceRow): string | null {
  const is = (name: string) => Number(row[`FLOW_ENDREASON_${name}`] ?? row[`FEND_${name}`]) === 1;
  return is('IDLE') ? 'idle' : is('ACTIVE') ? 'active' : is('END') ? 'fin' : null;
}

/** `[[gaps, ms], [directions], [sizes], ...]`: CESNET DataZoo writes gaps first. */
function ppiOf(text: string | null): OurRow {
  if (text === null) return {};
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return {};
  }
  if (!Array.isArray(rows)) return {};
  const [gaps, directions, sizes] = rows.map((row) =>
    Array.isArray(row) && row.every(Number.isFinite) ? (row as number[]) : null,
  );
  if (!gaps || !directions || !sizes) return {};
  let at = 0;
  const times = gaps.map((gap) => {
    at += gap * 1000;
    return at;
  });
  return sequenceOf(sizes, directions, times);
}

/** https://zenodo.org/record/7730770 and 10608607. */
export const TLS22: Importer = withPpi(
  'cesnet-tls',
  'CESNET-TLS22 and CESNET-TLS-Year22 (doi 10.5281/zenodo.7730770, 10.5281/zenodo.10608607)',
  (row) => ({
    sni: cell(row, 'TLS_SNI', 'SNI'),
    ja3: cell(row, 'TLS_JA3', 'JA3'),
    protocol: protocol(row, 'PROTOCOL') ?? 'tcp',
  }),
  ['sni', 'ja3'],
  (header) => has(header, 'PPI', 'BYTES') && !header.some((name) => name.startsWith('QUIC')),
);

/** https://zenodo.org/record/7409924. */
export const QUIC22: Importer = withPpi(
  'cesnet-quic',
  'CESNET-QUIC22 (doi 10.5281/zenodo.7409924)',
  (row) => ({
    sni: cell(row, 'QUIC_SNI'),
    quic_user_agent: cell(row, 'QUIC_USER_AGENT', 'QUIC_USERAGENT'),
    protocol: protocol(row, 'PROTOCOL') ?? 'udp',
  }),
  ['sni', 'quic_user_agent'],
  (header) => has(header, 'PPI', 'BYTES') && header.some((name) => name.startsWith('QUIC')),
);
