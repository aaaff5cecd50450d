/** Every folder of labelled captures beside the repository has a manifest, and these are the flows that it gives. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { keptProgram } from '../cli/kept.ts';
import { temporaryFolder } from '../cli/run.ts';
import { hasSharedData, sharedPath } from '../support/shared-data.ts';

const flowlamp = keptProgram();
const manifest = (name: string) => fileURLToPath(new URL(`./manifests/${name}.yaml`, import.meta.url));

/** Flows per label. The 1,885 flows of flows.csv give 1,890 rows: some last longer than the active timeout. */
const EXPECTED = {
  mining: { mining: 1890, other: 1507 },
  'mining-tls': { mining: 3 },
  'quic-apps': { 'google-docs': 863, 'google-drive': 1148, 'google-music': 428, 'google-search': 1338, youtube: 743 },
  'alexa-voice': { benign: 277 },
  'iot-lifecycle': { benign: 391 },
  'periodic-c2': { c2: 905 },
  'mobile-apps': { seznamcz: 357, reddit: 283, accuweather: 262, cp: 186, whatsapp: 170, telegram: 17 },
};

describe.skipIf(!hasSharedData)('manifests of the shared captures', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  test('every folder has one', () => {
    const folders = readdirSync(sharedPath('labelled'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !(name in EXPECTED))).toEqual([]);
  });

  test.each(Object.entries(EXPECTED))('%s', async (name, expected) => {
    const { code, stderr } = await flowlamp([
      'dataset',
      'build',
      manifest(name),
      '-o',
      folder.at(`${name}.arrow`),
      '--jobs',
      '1',
    ]);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(readFileSync(folder.at(`${name}.build.json`), 'utf8'));
    const flows: Record<string, number> = {};
    for (const { label, count } of report.counts) if (label !== null) flows[label] = (flows[label] ?? 0) + count;
    expect(flows).toMatchObject(expected);
    expect(report.warnings).toEqual([]);
  });
});
