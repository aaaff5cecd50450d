import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkModelFiles, loadModelFolder, modelFiles, saveModelFolder, writeModelFiles } from '../../models/folder.ts';
import { exampleCard } from './example-card.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'flowlamp-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const onnx = Uint8Array.of(1, 2, 3);
const { formatVersion: _, files: __, ...draft } = exampleCard;

describe('model folders', () => {
  test('load what was saved, by folder and by the path of the file in it', () => {
    const dir = join(root, 'deep', 'model');
    const card = saveModelFolder(dir, { card: draft, onnx });
    expect(card.files[0]!.sha256).toBe('039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81');
    for (const path of [dir, join(dir, 'model.onnx')]) {
      const loaded = loadModelFolder(path);
      expect(loaded.card).toEqual(card);
      expect(Array.from(loaded.onnx)).toEqual([1, 2, 3]);
      expect(loaded.path).toBe(dir);
    }
    expect(readdirSync(join(root, 'deep'))).toEqual(['model']);
  });

  test('replace a model, and leave it alone when the new one cannot be written', () => {
    const dir = join(root, 'model');
    saveModelFolder(dir, { card: draft, onnx });
    saveModelFolder(dir, { card: { ...draft, version: '2.0.0' }, onnx: Uint8Array.of(9) });
    expect(loadModelFolder(dir).card?.version).toBe('2.0.0');
    expect(() => saveModelFolder(dir, { card: { ...draft, name: '' }, onnx })).toThrow('name is ""');
    expect(loadModelFolder(dir).card?.version).toBe('2.0.0');
    expect(readdirSync(root)).toEqual(['model']);
  });

  test('replace nothing where they may not', () => {
    const files = modelFiles({ card: draft, onnx });
    writeModelFiles(join(root, 'm'), files, false);
    expect(() =>
      writeModelFiles(join(root, 'm'), modelFiles({ card: { ...draft, version: '9' }, onnx }), false),
    ).toThrow(expect.objectContaining({ code: 'OUTPUT_UNWRITABLE' }));
    expect(loadModelFolder(join(root, 'm')).card?.version).toBe('1.0.0');
    expect(readdirSync(root)).toEqual(['m']);
  });

  test('do not replace folders that hold anything else', () => {
    writeFileSync(join(root, 'thesis.txt'), 'years of work');
    expect(() => saveModelFolder(root, { card: draft, onnx })).toThrow(
      expect.objectContaining({ code: 'OUTPUT_UNWRITABLE' }),
    );
    expect(readFileSync(join(root, 'thesis.txt'), 'utf8')).toBe('years of work');
  });

  test('are refused when the model is not the one on the card', () => {
    saveModelFolder(join(root, 'm'), { card: draft, onnx });
    writeFileSync(join(root, 'm', 'model.onnx'), Uint8Array.of(1, 2, 4));
    expect(() => loadModelFolder(join(root, 'm'))).toThrow(
      /model\.onnx has sha256 .*; expected 039058c6f2c0\.\.\. as its/,
    );
  });

  test('hold what else belongs to the model, and are refused without it', () => {
    const dir = join(root, 'm');
    const others = new Map([['report.html', new TextEncoder().encode('<p>good</p>')]]);
    const card = saveModelFolder(dir, { card: draft, onnx, others });
    expect(card.files.map(({ name }) => name)).toEqual(['model.onnx', 'report.html']);
    expect(loadModelFolder(dir).card).toEqual(card);
    // A folder with a report of its own is a model to replace, one with another file is not.
    saveModelFolder(dir, { card: draft, onnx, others });
    writeFileSync(join(dir, 'report.html'), '<p>better</p>');
    expect(() => loadModelFolder(dir)).toThrow('report.html has sha256');
    rmSync(join(dir, 'report.html'));
    expect(() => loadModelFolder(dir)).toThrow('report.html is missing');
  });

  test('with files that the card does not list cannot be passed on', () => {
    const files = new Map(modelFiles({ card: draft, onnx }));
    expect(checkModelFiles(files, 'm').signedBy).toBeNull();
    files.set('setup.sh', Uint8Array.of(1));
    expect(() => checkModelFiles(files, 'm')).toThrow('m holds setup.sh, which its card does not list');
  });

  test('are refused when the inputs were altered', () => {
    saveModelFolder(join(root, 'm'), { card: draft, onnx });
    const path = join(root, 'm', 'card.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('bytes_up', 'bytes_dn'));
    expect(() => loadModelFolder(join(root, 'm'))).toThrow('inputs that do not match its inputsHash');
  });

  test('are refused when they are incomplete', () => {
    mkdirSync(join(root, 'empty'));
    expect(() => loadModelFolder(join(root, 'empty'))).toThrow('card.json is missing');
  });

  test('a bare .onnx file has no card', () => {
    writeFileSync(join(root, 'other.onnx'), onnx);
    expect(loadModelFolder(join(root, 'other.onnx')).card).toBeNull();
  });

  test('a name that is nothing is not found', () => {
    expect(() => loadModelFolder('no-such-model')).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }));
    expect(existsSync('no-such-model')).toBe(false);
  });
});
