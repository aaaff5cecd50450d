import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { copyTable } from '../../../core/copy-table.ts';
import type { Table } from '../../../core/table.ts';
import { nodeDigests } from '../../../features/digests-node.ts';
import { extractCapture } from '../../../features/extract.ts';
import { anonymizerKey, loadAnonymizerKey } from '../../../features/files/anonymizer-key.ts';
import { Anonymizer } from '../../../features/rows/anonymize.ts';
import type { AnonymizerKey } from '../../../features/rows/crypto-pan.ts';
import { sample } from '../../cli/run.ts';
import { rowsOf } from '../../support/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowlamp-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
const anonymizer = new Anonymizer(anonymizerKey(KEY), nodeDigests);
/** Replaces nothing: what comes of it differs from the table only by mistake. */
const BLANK: AnonymizerKey = { ...anonymizerKey(KEY), encryptBlocks: (blocks) => new Uint8Array(blocks.length) };

async function tableOf(name: string): Promise<Table> {
  const tables: Table[] = [];
  await extractCapture(sample(name), (batch) => void tables.push(copyTable(batch)));
  return tables[0]!;
}

test('addresses, flow_id and community_id are replaced, and nothing else', async () => {
  const table = await tableOf('demo.pcap');
  const before = rowsOf(table);
  const after = rowsOf(anonymizer.table(table));
  const replaced = ['src_ip', 'dst_ip', 'flow_id', 'community_id'];
  before.forEach((row, i) => {
    for (const [name, value] of Object.entries(row)) {
      if (replaced.includes(name)) expect(after[i]![name], name).not.toEqual(value);
      else if (name !== 'dns_answers' && !name.endsWith('host')) expect(after[i]![name], name).toEqual(value);
    }
  });
  expect(rowsOf(anonymizer.table(table))).toEqual(after);
  expect(new Set(after.map((row) => row['flow_id'])).size).toBe(new Set(before.map((row) => row['flow_id'])).size);
  for (const row of after) expect(Number.isSafeInteger(row['flow_id'])).toBe(true);
});

test.each(['demo.pcap', 'test-02.pcap.gz'])('community_id is that of the addresses in the row (%s)', async (name) => {
  const table = await tableOf(name);
  const same = rowsOf(new Anonymizer(BLANK, nodeDigests).table(table));
  expect(same.map((row) => row['community_id'])).toEqual(rowsOf(table).map((row) => row['community_id']));
});

test('community_id is null where the row does not have what it is made of', async () => {
  const table = await tableOf('demo.pcap');
  const columns = new Map([...table.columns].filter(([name]) => name !== 'dst_port'));
  expect(rowsOf(anonymizer.table({ ...table, columns }))[0]!['community_id']).toBe(null);
});

test('another key gives other addresses and other flow ids', async () => {
  const table = await tableOf('demo.pcap');
  const other = new Anonymizer(anonymizerKey(KEY.map((byte) => byte ^ 1)), nodeDigests).table(table);
  const [a, b] = [rowsOf(anonymizer.table(table))[0]!, rowsOf(other)[0]!];
  expect(a['src_ip']).not.toBe(b['src_ip']);
  expect(a['flow_id']).not.toBe(b['flow_id']);
});

describe('texts that hold addresses', () => {
  const replaced = anonymizer.text('10.1.2.3')!;
  const reversed = replaced.split('.').reverse().join('.');

  test.each([
    ['10.1.2.3:8080', `${replaced}:8080`],
    ['[2001:db8::1]:443', `[${anonymizer.text('2001:db8::1')}]:443`],
    ['3.2.1.10.in-addr.arpa', `${reversed}.in-addr.arpa`],
    ['2.1.10.in-addr.arpa', null],
    ['x.3.2.1.10.in-addr.arpa', null],
    ['in-addr.arpa', 'in-addr.arpa'],
    [`${'0.'.repeat(31)}1.ip6.arpa.`, expect.stringMatching(/^([0-9a-f]\.){32}ip6\.arpa\.$/)],
    ['example.com', 'example.com'],
    ['cafe.example', 'cafe.example'],
    ['1.2.3', '1.2.3'],
    ['', ''],
  ])('%s becomes %s', (text, expected) => {
    expect(anonymizer.text(text)).toEqual(expected);
  });
});

describe('a key file', () => {
  function file(bytes: Uint8Array | string, mode = 0o600): string {
    const path = join(folder, 'key');
    rmSync(path, { force: true });
    writeFileSync(path, bytes);
    chmodSync(path, mode);
    return path;
  }
  const address = (key: AnonymizerKey) => new Anonymizer(key, nodeDigests).text('10.1.2.3');

  test('holds 32 bytes, or their digits in any case with blanks and line ends', () => {
    const digits = Buffer.from(KEY).toString('hex');
    for (const content of [
      KEY,
      digits,
      `${digits.toUpperCase()}\n`,
      `${digits.slice(0, 32)}\r\n${digits.slice(32)}\r\n`,
    ]) {
      expect(address(loadAnonymizerKey(file(content)).key)).toBe(anonymizer.text('10.1.2.3'));
    }
  });

  test.skipIf(process.platform === 'win32')('that others may read is said to be', () => {
    expect(loadAnonymizerKey(file(KEY, 0o600)).isOpen).toBe(false);
    expect(loadAnonymizerKey(file(KEY, 0o640)).isOpen).toBe(true);
    expect(loadAnonymizerKey(file(KEY, 0o604)).isOpen).toBe(true);
  });

  test.each([
    ['', 'holds 0 bytes'],
    ['secret', 'holds 6 bytes'],
    ['ab'.repeat(31), 'holds 62 hexadecimal digits'],
    ['x'.repeat(10_000), 'holds more than 256 bytes'],
    ['00'.repeat(32), 'repeats one byte'],
  ])('%# of no use is KEY_INVALID', (content, happened) => {
    expect(() => loadAnonymizerKey(file(content))).toThrow(
      expect.objectContaining({ code: 'KEY_INVALID', happened: expect.stringContaining(happened) }),
    );
  });

  test('that is not there is FILE_NOT_FOUND', () => {
    expect(() => loadAnonymizerKey(join(folder, 'missing'))).toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND' }),
    );
  });
});
