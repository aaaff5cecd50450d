import { expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { featureNamed } from '../../../features/vector/schema.ts';
import { importOnnx } from '../../../models/import/import-onnx.ts';
import { readModelMap } from '../../../models/import/map.ts';
import { mapOf } from '../../../models/import/map-of.ts';
import { inputWidth } from '../../../models/inputs.ts';
import { createPredictor, openPredictor } from '../../../models/predictor.ts';
import { createSession } from '../../../models/session.ts';
import { toRowMajor } from '../../../train/matrix.ts';
import { fitCnn } from '../../../train/neural/cnn.ts';
import { dialogues, SEQUENCE_INPUTS } from '../../train/neural/sequences.ts';

const columns = SEQUENCE_INPUTS.map(({ name, list }) => (list === undefined ? name : { name, list }));
const map = { version: 1, columns, labels: ['ask', 'push'] };
const read = (file: unknown) => readModelMap(JSON.stringify(file), 'm.json');
const options = { name: 'n', version: '1', created: '2026-01-31T12:00:00Z', programVersion: '0', where: 'n.onnx' };

test('a net of lists goes out with a map and comes in again', async () => {
  const data = dialogues(1, 60);
  const model = await fitCnn(data, null, { rounds: 1, filters: [4], taps: [3], hidden: [8] });
  const onnx = model.encode({ temperature: 1, producer: 'test' });
  const { card } = await importOnnx(onnx, read(map), options, nodeDigests);
  expect(card.inputs.map(({ name, type, list }) => ({ name, type, list }))).toEqual(
    SEQUENCE_INPUTS.map(({ name, list }) => ({ name, type: featureNamed(name)!.type, list })),
  );
  const whole = { ...card, formatVersion: 2 as const, files: [] };
  const back = read(mapOf(whole));
  expect(back.inputs).toEqual(card.inputs);

  const rows = toRowMajor(data.matrix);
  const [ours, imported] = [
    await createPredictor(onnx, 'kernel', createSession),
    await openPredictor({ card: whole, onnx, path: 'n' }, 'kernel', createSession),
  ];
  expect(imported.featureCount).toBe(inputWidth(card.inputs));
  expect(await imported.predict(rows, 60)).toEqual(await ours.predict(rows, 60));
  await Promise.all([ours.release(), imported.release()]);
});

test('what a model takes for a null stands at every place of a list', async () => {
  const data = dialogues(2, 40);
  const model = await fitCnn(data, null, { rounds: 1, filters: [4], taps: [3], hidden: [8] });
  const onnx = model.encode({ temperature: 1, producer: 'test' });
  const { card } = await importOnnx(onnx, read({ ...map, missing: 0 }), options, nodeDigests);
  const imported = await openPredictor(
    { card: { ...card, formatVersion: 2, files: [] }, onnx, path: 'n' },
    'kernel',
    createSession,
  );
  const rows = toRowMajor(data.matrix);
  const plain = await createPredictor(onnx, 'kernel', createSession);
  const filled = rows.map((value) => (Number.isNaN(value) ? 0 : value));
  expect(filled).not.toEqual(rows);
  expect(await imported.predict(rows, 40)).toEqual(await plain.predict(filled, 40));
  await Promise.all([imported.release(), plain.release()]);
});

const list = { length: 4, form: 'items' };
test.each<[string, unknown, string]>([
  [
    'a list without a word on how much of it is read',
    ['payload_sizes'],
    'column payload_sizes may not be a model input; expected how much',
  ],
  ['a list of a column of numbers', [{ name: 'duration_us', list }], 'column duration_us holds no lists of numbers'],
  ['a list of texts', [{ name: 'tls_offered_alpn', list }], 'tls_offered_alpn'],
  ['no items', [{ name: 'payload_sizes', list: { ...list, length: 0 } }], 'columns[0].list.length is 0'],
  ['another form', [{ name: 'payload_sizes', list: { ...list, form: 'sums' } }], 'columns[0].list.form is'],
  [
    'a tensor of its own',
    [{ name: 'payload_sizes', list, input: 'a' }],
    'column payload_sizes has a list and an input',
  ],
])('%s is refused', (_, columns, message) => {
  expect(() => read({ ...map, columns })).toThrow(message);
});
