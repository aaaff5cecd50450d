/**
 * Bounds on what a model file may ask for: models are hostile input. Each is far above what training here produces.
 */
export const ModelLimits = {
  /** Bytes of one ONNX file. The largest ensembles seen in practice are tens of megabytes. */
  fileBytes: 256 * 1024 * 1024,
  /** Bytes of one card: a few hundred inputs and a confusion matrix take under 200 KB. */
  cardBytes: 16 * 1024 * 1024,
  /** The packed kernel keeps two key slots per feature in 15 bits. */
  features: 16_384,
  classes: 1_024,
  /** Items of a list that one input may take: more than any column of lists holds. */
  listItems: 4_096,
  trees: 100_000,
  /** The packed kernel keeps a node's place within its tree in 15 bits. */
  nodesPerTree: 32_767,
  /** Nodes of all trees: 4 million nodes take 320 MB while a file is decoded. */
  nodes: 4_000_000,
  /** Different inputs on one path of a tree whose Shapley values are computed: half as many numbers are kept per node. */
  explainInputs: 512,
  /** Nodes, inputs, outputs and attributes that describing a graph may list. */
  graphItems: 100_000,
} as const;
