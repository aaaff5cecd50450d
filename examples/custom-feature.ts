/**
 * A column of one's own, in the table that a model learns from and in the one that it scores: `node examples/custom-feature.ts
 * FLOWS CAPTURE FOLDER`, compiled; `flowlamp extract --labels` writes such flows. A feature is a function over what a row has,
 * messages among it.
 */
import { type CustomFeature, extract, loadModel } from 'flowlamp';
import { saveModel, train } from 'flowlamp/train';

/** Of the first messages, the share that the other side's next one is larger than: small questions, large answers. */
export const growthShare: CustomFeature = {
  name: 'answer_growth_share',
  unit: '',
  revision: 1,
  // Signed: those of the responder are below zero.
  reads: ['payload_sizes'],
  of: ({ payload_sizes: sizes }) => {
    if (!Array.isArray(sizes)) return null;
    const turns = sizes.slice(1).filter((size, i) => size * sizes[i] < 0);
    const grown = sizes.slice(1).filter((size, i) => size * sizes[i] < 0 && Math.abs(size) > Math.abs(sizes[i]));
    return turns.length === 0 ? null : grown.length / turns.length;
  },
};

const [flows = 'flows.arrow', capture = 'datasets/samples/demo.pcap', folder = 'my-model'] = process.argv.slice(2);
const features = [growthShare];

const trained = await train([{ input: flows }], {
  name: 'with-growth',
  learnerOptions: { rounds: 20 },
  inputs: ['fwd_payload_size_mean', 'bwd_payload_size_mean', 'flow_iat_mean_us', growthShare.name],
  features,
});
saveModel(folder, trained);

// `features` wherever flows are read: extract, flows, score and train give the column the same numbers.
const model = await loadModel(folder);
for await (const table of extract(capture, { features })) {
  const { values } = table.columns.get(growthShare.name) as { values: Float64Array };
  const verdicts = await model.scoreTable(table);
  verdicts.forEach(({ predicted, score }, row) => {
    console.log(values[row]?.toFixed(3), predicted, score.toFixed(3));
  });
}
await model.close();
