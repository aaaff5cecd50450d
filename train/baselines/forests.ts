import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { ForestBuilder, Link } from '../../models/trees/forest.ts';
import { type FittedForest, forestModel } from '../forest-model.ts';
import { fitGbdt, startingScores } from '../gbdt/boost.ts';
import type { GbdtOptions } from '../gbdt/options.ts';
import { checkLabelled, type LabelledMatrix } from '../matrix.ts';

/** The class shares of the training rows, whatever the row: what a model must beat to have learnt anything. */
export function fitMajority(train: LabelledMatrix): FittedForest {
  checkLabelled(train);
  const { classNames, labels, matrix, weights } = train;
  const builder = new ForestBuilder();
  builder.addLeaf(0);
  builder.endTree(0);
  const link = classNames.length === 2 ? Link.Logistic : Link.Softmax;
  const baseValues = startingScores(labels, weights ?? null, classNames.length);
  const forest = builder.build({ featureCount: matrix.names.length, classNames, link, baseValues });
  return forestModel(forest, { rounds: 0, trainingLoss: [], validationLoss: [] });
}

/**
 * The best that one column can do (for the port: a port-only classifier): boosting with every other column hidden. The
 * forest still takes all columns, so it is scored like any other.
 */
export async function fitSingleColumn(
  train: LabelledMatrix,
  column: string,
  options: Partial<GbdtOptions> = {},
): Promise<FittedForest> {
  const { matrix } = train;
  const at = matrix.names.indexOf(column);
  if (at < 0) {
    throw new FlowlampError(ErrorCode.ColumnUnknown, {
      happened: `there is no column ${column}`,
      expected: 'a column of the matrix',
      action: 'name one of its columns',
    });
  }
  const only = { rows: matrix.rows, names: [column], columns: [matrix.columns[at]!] };
  const fitted = await fitGbdt({ ...train, matrix: only }, null, { rounds: 20, ...options });
  const feature = fitted.forest.feature.map((id) => (id < 0 ? id : at));
  return forestModel({ ...fitted.forest, featureCount: matrix.names.length, feature }, fitted);
}
