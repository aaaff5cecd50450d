import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Manifest } from '../../../datasets/lab/capture/manifest.ts';
import { SAMPLES_SEED } from '../../../datasets/lab/samples.ts';
import { dotted, readPackets } from './read-pcap.ts';

const folder = new URL('../../../datasets/samples/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8')) as Manifest;

/** The capture, unpacked where it is compressed. */
function captureOf(file: string): Uint8Array {
  const bytes = readFileSync(new URL(file, folder));
  return new Uint8Array(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

test('the shipped manifest says that and by which seed it was generated', () => {
  expect(manifest).toMatchObject({ version: 1, generated: true, seed: SAMPLES_SEED });
  expect(manifest.note).toContain('not recorded from a network');
});

test.each(manifest.captures)('$file holds exactly the connections the manifest lists', ({ file, flows }) => {
  const listed = new Set<string>();
  for (const flow of flows) {
    const [a, b] = [`${dotted(flow.src_ip)}:${flow.src_port}`, `${dotted(flow.dst_ip)}:${flow.dst_port}`];
    listed.add(a < b ? `${a} ${b}` : `${b} ${a}`);
  }
  expect(listed.size).toBe(flows.length);
  const seen = new Set<string>();
  for (const { src, srcPort, dst, dstPort } of readPackets(captureOf(file))) {
    const [a, b] = [`${src}:${srcPort}`, `${dst}:${dstPort}`];
    seen.add(a < b ? `${a} ${b}` : `${b} ${a}`);
  }
  expect([...seen].sort()).toEqual([...listed].sort());
});

test('no client, server or site appears in two captures', () => {
  const owner = new Map<string, string>();
  for (const { file, flows } of manifest.captures) {
    for (const name of flows.flatMap(({ src_ip, dst_ip, group }) => [src_ip, dst_ip, group])) {
      expect(owner.get(name) ?? file).toBe(file);
      owner.set(name, file);
    }
  }
});
