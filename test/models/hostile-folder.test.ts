/** Model folders that somebody else chose: one line, MODEL_INVALID, and nothing of other files. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../index.ts';
import { samples, temporaryFolder } from '../cli/run.ts';
import { SHIPPED_INPUTS } from '../support/shipped-model.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const shipped = join(samples, '../../models/zoo/mining');
const card = readFileSync(join(shipped, 'card.json'), 'utf8');
const DEEP = '['.repeat(200_000) + ']'.repeat(200_000);
let made = 0;

function copy(spoil: (dir: string) => void): string {
  const dir = folder.at(`model-${made++}`);
  cpSync(shipped, dir, { recursive: true });
  spoil(dir);
  return dir;
}

async function refusalOf(dir: string): Promise<Error & { code: string }> {
  try {
    await (await loadModel(dir)).close();
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('the model was taken');
}

const withCard = (text: string) => copy((dir) => writeFileSync(join(dir, 'card.json'), text));
const edited = (change: Record<string, unknown>) => withCard(JSON.stringify({ ...JSON.parse(card), ...change }));
const replaced = (name: string, make: (path: string) => void) =>
  copy((dir) => {
    rmSync(join(dir, name));
    make(join(dir, name));
  });
const sha256 = '0'.repeat(64);

describe('a folder', () => {
  test.each<[string, () => string, RegExp]>([
    ['whose card is a list without end', () => withCard(DEEP), /the card is nested too deeply/],
    [
      'whose metrics are',
      () => withCard(card.replace('"metrics": {', `"metrics": {"x": ${DEEP}, `)),
      /metrics is nested/,
    ],
    ['whose name is', () => withCard(card.replace('"name": "mining"', `"name": ${DEEP}`)), /name is nested too deeply/],
    ['whose card is larger than any', () => withCard(' '.repeat(17 * 1024 * 1024)), /has 17825792 bytes/],
    [
      'whose card is no UTF-8',
      () => copy((dir) => writeFileSync(join(dir, 'card.json'), Uint8Array.of(0xff))),
      /not JSON/,
    ],
    ['of a version to come', () => edited({ formatVersion: 99 }), /formatVersion is 99; expected 1 or 2/],
    ['whose name colours the terminal', () => edited({ name: '\u001b[31mmining' }), /name is "\\u001b\[31mmining"/],
    ['whose labels break lines', () => edited({ labels: ['a\nb', 'c'] }), /labels\[0\] is "a\\nb"/],
    [
      'with a third label',
      () => edited({ labels: ['mining', 'other', 'third'] }),
      new RegExp(`gives 2 classes; expected ${SHIPPED_INPUTS} inputs and 3`),
    ],
    [
      'with a threshold of another label',
      () => edited({ thresholds: { worm: 0.5 } }),
      /thresholds is of the label "worm"/,
    ],
    ['with a threshold above 1', () => edited({ thresholds: { mining: 2 } }), /thresholds.mining is 2/],
    ['with a positive label of its own', () => edited({ positive: 'worm' }), /positive is "worm"/],
    ['that lists a file twice', () => edited({ files: [0, 1].map(() => ({ name: 'model.onnx', sha256 })) }), /twice/],
    [
      'that lists a file elsewhere',
      () => edited({ files: [{ name: '../x', sha256 }] }),
      /files\[0\].name is "\.\.\/x"/,
    ],
    [
      'whose model is a link to itself',
      () => replaced('model.onnx', (path) => symlinkSync('model.onnx', path)),
      /ELOOP/,
    ],
    ['whose card is a link to itself', () => replaced('card.json', (path) => symlinkSync('card.json', path)), /ELOOP/],
    ['whose model is a pipe', () => replaced('model.onnx', (path) => execFileSync('mkfifo', [path])), /is missing/],
    ['whose model is a folder', () => replaced('model.onnx', (path) => mkdirSync(path)), /model.onnx is missing/],
    [
      'whose model is another file of the user',
      () => replaced('model.onnx', (path) => symlinkSync(join(shipped, 'card.json'), path)),
      /has sha256/,
    ],
    ['that is a device', () => '/dev/null', /ENOTDIR|missing/],
  ])('%s is refused', async (_, dir, message) => {
    const error = await refusalOf(dir());
    expect(error).toMatchObject({ name: 'FlowlampError', code: 'MODEL_INVALID' });
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/[\p{Cc}]/u);
    expect(error.message.length).toBeLessThan(600);
  });

  test('cut off anywhere is refused, though its card names the checksum of what is left', async () => {
    const { modelFiles } = await import('../../models/folder.ts');
    const { formatVersion: _, files: __, ...draft } = JSON.parse(card);
    const whole = new Uint8Array(readFileSync(join(shipped, 'model.onnx')));
    for (let length = 0; length < whole.length; length += length < 200 ? 7 : 9973) {
      const files = modelFiles({ card: draft, onnx: whole.subarray(0, length) });
      const dir = copy((path) => {
        for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
      });
      expect(await refusalOf(dir), `${length} bytes`).toMatchObject({ code: 'MODEL_INVALID' });
      rmSync(dir, { recursive: true });
    }
  });
});
