/** The map of a model that is here: what another program, or another import, has to know of its bare ONNX file. */
import type { ModelCard } from '../card.ts';
import type { ModelMapFile } from './map.ts';

export function mapOf(card: ModelCard): ModelMapFile {
  const { adapter, training } = card;
  const columns = card.inputs.map(({ name, list }, i) => {
    const missing = adapter?.missing[i] ?? null;
    const input = adapter?.tensors?.[i];
    if (missing === null && input === undefined && list === undefined) return name;
    return {
      name,
      ...(missing === null ? {} : { missing }),
      ...(input === undefined ? {} : { input }),
      ...(list === undefined ? {} : { list }),
    };
  });
  return {
    version: 1,
    name: card.name,
    modelVersion: card.version,
    columns,
    missing: 'nan',
    labels: card.labels,
    output: adapter?.output ?? 'probabilities',
    outputKind: adapter?.outputKind ?? 'probabilities',
    ...(card.positive === null ? {} : { positive: card.positive }),
    target: card.target,
    thresholds: card.thresholds,
    scope: card.scope,
    origin: training.origin,
    generated: training.generated,
    learner: card.learner.name,
    limitations: card.limitations,
  };
}
