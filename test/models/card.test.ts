import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashInputs, readCard, writeCard } from '../../models/card.ts';
import { exampleCard } from './example-card.ts';

const sha256Hex = (text: string) => createHash('sha256').update(text).digest('hex');

describe('cards', () => {
  test('read back as they were written', () => {
    expect(readCard(writeCard(exampleCard))).toEqual(exampleCard);
  });

  test.each<[string, unknown, string]>([
    ['formatVersion', 3, 'card.json: formatVersion is 3; expected 1 or 2; '],
    ['name', undefined, 'card.json: name is missing; expected a text; '],
    ['created', 'yesterday', 'created is "yesterday"'],
    ['labels', ['one'], 'labels is ["one"]; expected two or more distinct names'],
    ['inputs', [{ name: 'a', type: 'float64' }], 'inputs[0].revision is missing; expected a whole number'],
    ['inputsHash', 'AB', 'inputsHash is "AB"; expected 64 lowercase hexadecimal digits'],
    ['training', { captures: -1 }, 'training.captures is -1'],
    ['thresholds', { mining: 1.5 }, 'thresholds.mining is 1.5; expected a number from 0 to 1'],
    ['limitations', 'none', 'limitations is "none"; expected a list'],
    ['metrics', [], 'metrics is []; expected an object'],
    ['files', [{ name: 'model.onnx', sha256: '' }], 'files[0].sha256 is ""'],
    ['files', [{ name: '../model.onnx', sha256: '' }], 'files[0].name is "../model.onnx"; expected the name of a file'],
  ])('with a wrong %s are refused by its name', (member, value, message) => {
    const text = JSON.stringify({ ...exampleCard, [member]: value });
    expect(() => readCard(text)).toThrow(message);
    expect(() => readCard(text)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });

  test('with an adapter are of format 2, and nothing of it may be missing', () => {
    const adapter = { missing: [null, -1], tensors: null, output: 'scores', outputKind: 'logits' as const };
    const card = { ...exampleCard, formatVersion: 2 as const, adapter };
    expect(readCard(writeCard(card))).toEqual(card);
    for (const [wrong, message] of [
      [null, 'adapter is null'],
      [{ ...adapter, missing: [0] }, 'adapter.missing is 1 long; expected 2 entries'],
      [{ ...adapter, missing: [0, 'nan'] }, 'adapter.missing[1] is "nan"'],
      [{ ...adapter, tensors: ['a'] }, 'adapter.tensors is 1 long'],
      [{ ...adapter, outputKind: 'odds' }, 'adapter.outputKind is "odds"; expected one of probabilities, logits'],
    ] as const) {
      expect(() => readCard(JSON.stringify({ ...card, adapter: wrong }))).toThrow(message);
    }
    // Format 1 knows no adapter.
    expect(readCard(JSON.stringify({ ...card, formatVersion: 1 })).adapter).toBeNull();
  });

  test.each(['', '[]', 'null', '{', '"card"', '{"__proto__": 1}'])('that are %s are refused', (text) => {
    expect(() => readCard(text, 'x/card.json')).toThrow('x/card.json: ');
  });

  test('the hash of the inputs changes with name, type, revision and order only', () => {
    const a = { name: 'bytes_up', type: 'float64', revision: 1 };
    const b = { name: 'bytes_dn', type: 'float64', revision: 1 };
    const lists = [[a, b], [b, a], [a], [{ ...a, revision: 2 }, b], [{ ...a, type: 'uint8' }, b], []];
    expect(new Set(lists.map((list) => hashInputs(list, { sha256Hex }))).size).toBe(lists.length);
    expect(hashInputs([a], { sha256Hex })).toBe(sha256Hex('"bytes_up" float64 1\n'));
  });

  test('say how much of a list the model reads, and the hash of the inputs rests on it', () => {
    const list = { length: 32, form: 'steps' as const };
    const input = { name: 'payload_times_us', type: 'list_float64', revision: 2, list };
    const card = { ...exampleCard, inputs: [...exampleCard.inputs, input] };
    expect(readCard(writeCard(card)).inputs.at(-1)).toEqual(input);
    const hashes = [list, { ...list, length: 31 }, { ...list, form: 'items' as const }].map((other) =>
      hashInputs([{ ...input, list: other }], { sha256Hex }),
    );
    expect(new Set(hashes).size).toBe(3);
    for (const [wrong, message] of [
      [{ ...list, length: 0 }, 'inputs[0].list.length is 0; expected 1 to 4096'],
      [{ ...list, length: 1e9 }, 'inputs[0].list.length is 1000000000'],
      [{ ...list, form: 'sums' }, 'inputs[0].list.form is "sums"; expected one of items, steps'],
      [null, 'inputs[0].list is null'],
    ] as const) {
      expect(() => readCard(JSON.stringify({ ...card, inputs: [{ ...input, list: wrong }] }))).toThrow(message);
    }
  });
});
