/** Small files in the formats of others, written by hand from their documentation. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copyTable } from '../../../core/copy-table.ts';
import { IMPORTERS, importTable, leftNull, unknownFills } from '../../../datasets/import/import.ts';
import { jsonLines } from '../../../features/text/text-writer.ts';
import { FEATURES } from '../../../features/vector/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: string[]): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
}

async function imported(path: string, format: string | null = null, label: string | null = null) {
  let text = '';
  const account = await importTable(path, { format, label }, (table) => {
    text += jsonLines(FEATURES, copyTable(table));
  });
  const rows = text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  // What is said to be filled is all that is.
  for (const row of rows) for (const name of leftNull(account.importer)) expect(row[name], name).toBeNull();
  return { ...account, rowList: rows };
}

test('importers name only columns that there are', () => {
  expect(unknownFills()).toEqual([]);
  expect(IMPORTERS.map(({ name }) => name)).toEqual([
    'cesnet-miner22',
    'cesnet-tls',
    'cesnet-quic',
    'cicflowmeter',
    'nfstream',
    'zeek',
    'ucdavis-quic',
  ]);
});

test('CESNET-MINER22: sequences, times and labels', async () => {
  const path = write(
    'decrypto_dataset_design.csv',
    'uint64 BYTES,uint64 BYTES_REV,uint16 DST_PORT,LABEL,uint32 PACKETS,uint32 PACKETS_REV,int8* PPI_PKT_DIRECTIONS,uint8* PPI_PKT_FLAGS,uint16* PPI_PKT_LENGTHS,time* PPI_PKT_TIMES,uint8 PROTOCOL,uint16 SRC_PORT,uint8 TCP_FLAGS,uint8 TCP_FLAGS_REV',
    '1200,3400,3333,Miner,6,5,[1|-1|1|1|-1],[2|18|16|24|24],[0|0|0|260|303],[2021-12-01T10:00:00.000000|2021-12-01T10:00:00.010000|2021-12-01T10:00:00.020000|2021-12-01T10:00:00.020500|2021-12-01T10:00:00.031000],6,40000,2,18',
  );
  const { importer, rowList } = await imported(path);
  expect(importer.name).toBe('cesnet-miner22');
  expect(rowList[0]).toMatchObject({
    fwd_packets: 6,
    bwd_packets: 5,
    fwd_bytes: 1200,
    bwd_bytes: 3400,
    src_port: 40000,
    dst_port: 3333,
    protocol: 'tcp',
    label: 'Miner',
    first_seen: '2021-12-01T10:00:00.000000000Z',
    duration_us: 31000,
    src_ip: null,
    payload_sizes: [260, -303],
    payload_times_us: [20500, 31000],
    turns: 1,
  });
});

test('CESNET-TLS and CESNET-QUIC: gaps, directions and sizes of the first packets', async () => {
  const common = 'SRC_IP,DST_IP,SRC_PORT,DST_PORT,PROTOCOL';
  const stats =
    'TIME_FIRST,TIME_LAST,DURATION,BYTES,BYTES_REV,PACKETS,PACKETS_REV,PPI,PPI_LEN,FLOW_ENDREASON_IDLE,FLOW_ENDREASON_ACTIVE,FLOW_ENDREASON_OTHER,APP';
  const values =
    '2022-10-31T00-00-01.500000,2022-10-31T00-00-03.500000,2.0,900,5000,7,8,"[[0, 7, 14], [1, -1, 1], [517, 1400, 80]]",3,1,0,0,youtube';
  const quic = await imported(
    write(
      'quic.csv',
      `ID,${common},QUIC_VERSION,QUIC_SNI,QUIC_USER_AGENT,${stats}`,
      `1,10.0.0.1,192.0.2.1,50000,443,17,1,www.youtube.com,Chrome/106,${values}`,
    ),
  );
  expect(quic.importer.name).toBe('cesnet-quic');
  expect(quic.rowList[0]).toMatchObject({
    src_ip: '10.0.0.1',
    protocol: 'udp',
    sni: 'www.youtube.com',
    quic_user_agent: 'Chrome/106',
    label: 'youtube',
    duration_us: 2_000_000,
    payload_sizes: [517, -1400, 80],
    payload_times_us: [0, 7000, 21000],
    end_reason: 'idle',
    first_seen: '2022-10-31T00:00:01.500000000Z',
  });
  const tls = await imported(
    write(
      'tls.csv',
      `ID,${common},TLS_SNI,TLS_JA3,${stats}`,
      `1,10.0.0.1,192.0.2.1,50000,443,6,example.org,0123456789abcdef0123456789abcdef,${values}`,
    ),
  );
  expect([tls.importer.name, tls.rowList[0]!['sni'], tls.rowList[0]!['protocol']]).toEqual([
    'cesnet-tls',
    'example.org',
    'tcp',
  ]);
});

test('CICFlowMeter, names of both versions', async () => {
  const old = write(
    'monday.csv',
    'Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration, Total Fwd Packets, Total Backward Packets,Total Length of Fwd Packets, Total Length of Bwd Packets, Flow IAT Mean, Flow IAT Max, Fwd IAT Mean, Label',
    'a-b-1-2-6,192.168.10.5,54865,104.16.207.165,443,6,03/07/2017 08:55:58 PM,3,2,0,12,0,3.0,3,Infinity,BENIGN',
  );
  const { importer, rowList } = await imported(old);
  expect(importer.name).toBe('cicflowmeter');
  expect(rowList[0]).toMatchObject({
    src_ip: '192.168.10.5',
    dst_port: 443,
    protocol: 'tcp',
    first_seen: '2017-07-03T20:55:58.000000000Z',
    duration_us: 3,
    fwd_packets: 2,
    fwd_payload_bytes: 12,
    flow_iat_mean_us: 3,
    fwd_iat_mean_us: null,
    label: 'BENIGN',
    fwd_bytes: null,
  });
  const fresh = write(
    'v4.csv',
    'Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,TotLen Fwd Pkts,TotLen Bwd Pkts,Label',
    'x,10.0.0.1,1,10.0.0.2,2,17,2018-02-14 08:31:01,500,1,1,30,60,No Label',
  );
  expect((await imported(fresh, null, 'dns')).rowList[0]).toMatchObject({
    protocol: 'udp',
    bwd_payload_bytes: 60,
    label: 'dns',
  });
});

test('CICFlowMeter as it writes now: packets without a plural', async () => {
  const path = write(
    'now.csv',
    'Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Total Bwd packets,Total Length of Fwd Packet,Total Length of Bwd Packet,Label',
    'x,10.0.0.1,1,10.0.0.2,2,6,14/02/2018 08:31:01 AM,500,3,2,30.0,60.0,Attack',
  );
  const { importer, rowList } = await imported(path);
  expect(importer.name).toBe('cicflowmeter');
  expect(rowList[0]).toMatchObject({
    fwd_packets: 3,
    bwd_packets: 2,
    fwd_payload_bytes: 30,
    bwd_payload_bytes: 60,
    first_seen: '2018-02-14T08:31:01.000000000Z',
    label: 'Attack',
  });
});

test('nfstream, with SPLT', async () => {
  const path = write(
    'nf.csv',
    'id,src_ip,src_port,dst_ip,dst_port,protocol,ip_version,vlan_id,bidirectional_first_seen_ms,bidirectional_last_seen_ms,bidirectional_duration_ms,src2dst_packets,src2dst_bytes,dst2src_packets,dst2src_bytes,src2dst_min_ps,src2dst_syn_packets,splt_direction,splt_ps,splt_piat_ms,application_name,requested_server_name',
    '0,10.0.0.1,40000,192.0.2.1,443,6,4,0,1600000000000,1600000001500,1500,5,700,4,900,40,1,"[0, 1, 0, -1]","[517, 1200, 64, -1]","[0, 20, 30, -1]",TLS.Google,www.google.com',
  );
  expect((await imported(path)).rowList[0]).toMatchObject({
    first_seen: '2020-09-13T12:26:40.000000000Z',
    duration_us: 1_500_000,
    fwd_bytes: 700,
    fwd_packet_size_min: 40,
    fwd_syn_packets: 1,
    payload_sizes: [517, -1200, 64],
    payload_times_us: [0, 20000, 50000],
    label: 'TLS.Google',
    sni: 'www.google.com',
    vlan_id: null,
  });
});

test('Zeek: conn.log with the ssl.log beside it', async () => {
  const conn = write(
    'z/conn.log',
    '#separator \\x09',
    '#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes',
    '#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tcount\tcount\tcount\tcount',
    '1600000000.123456\tC1\t10.0.0.1\t40000\t192.0.2.1\t443\ttcp\tssl\t2.5\t700\t5000\tSF\t10\t1200\t9\t5500',
    '1600000001.0\tC2\t10.0.0.1\t5353\t192.0.2.9\t53\tudp\tdns\t-\t-\t-\tS0\t1\t60\t0\t0',
    '#close\t2020-09-13-12-26-45',
  );
  write(
    'z/ssl.log',
    '#fields\tts\tuid\tversion\tserver_name\tnext_protocol',
    '1600000000.2\tC1\tTLSv13\tpool.example\th2',
  );
  const { rowList } = await imported(conn);
  expect(rowList[0]).toMatchObject({
    first_seen: '2020-09-13T12:26:40.123456000Z',
    duration_us: 2_500_000,
    fwd_bytes: 1200,
    fwd_payload_bytes: 700,
    end_reason: 'fin',
    sni: 'pool.example',
    server_alpn: 'h2',
  });
  expect(rowList[1]).toMatchObject({
    protocol: 'udp',
    duration_us: null,
    fwd_payload_bytes: null,
    sni: null,
    end_reason: null,
  });
});

test('a text file per flow: UC Davis QUIC', async () => {
  const path = write(
    'pretraining/Google Doc/Google Doc-12.txt',
    '1527993495.652867\t0\t1392\t1',
    '1527993495.684521\t0.031654\t1200\t0',
    '1527993495.7\t0.047133\t80\t1',
  );
  expect((await imported(path)).rowList[0]).toMatchObject({
    label: 'Google Doc',
    protocol: 'udp',
    payload_sizes: [1392, -1200, 80],
    fwd_payload_packets: 2,
    bwd_payload_bytes: 1200,
    first_seen: '2018-06-03T02:38:15.652867000Z',
    duration_us: 47133,
  });
});

test('a text of packets that is no single flow is refused before it fills the memory', async () => {
  const path = write('huge.txt', '1 0 9 1\n'.repeat(1_000_001));
  await expect(imported(path)).rejects.toThrow(/it has more than 1000000 lines; expected a text file per flow/);
});

test('rows that hold what no flow can are left out and counted', async () => {
  const head = 'Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts';
  const { rows, refused, reason } = await imported(
    write('bad.csv', head, 'x,a,70000,b,2,6,,1,1,1', 'x,a,1,b,2,6,,1,1,1'),
  );
  expect([rows, refused]).toEqual([1, 1]);
  expect(reason).toMatch(/src_port holds 70000/);
});

test('a file of no source, or of another than was named, is refused', async () => {
  await expect(imported(write('odd.csv', 'a,b,c', '1,2,3'))).rejects.toThrow(
    /its columns \(a, b, c, \.\.\.\) are of no source that is known/,
  );
  await expect(
    imported(write('odd2.csv', 'src2dst_packets,bidirectional_first_seen_ms', '1,2'), 'zeek'),
  ).rejects.toThrow(/--from nfstream, which it looks like/);
});
