/** The flow meters whose rows can be written (`extract --schema`, docs/migrating.md). */
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { CICFLOWMETER } from './cicflowmeter.ts';
import { NFSTREAM } from './nfstream.ts';
import { type PeerColumn, type PeerSchema, peerColumn } from './peer-schema.ts';

export const PEER_SCHEMAS: readonly PeerSchema[] = [CICFLOWMETER, NFSTREAM];

const LABEL = peerColumn('label', 'label', (flow) => flow.text('label'), { type: 'utf8' });

/**
 * The columns of a schema, or some of them.
 *
 * @param names in their words, in the order wanted; undefined for all
 * @param isLabelled whether labels are at hand: a schema without a place for them gets one at its end
 * @throws FlowlampError COLUMN_UNKNOWN
 */
export function peerColumns(
  schema: PeerSchema,
  names: readonly string[] | undefined,
  isLabelled: boolean,
): readonly PeerColumn[] {
  const all = isLabelled && !schema.hasLabel ? [...schema.columns, LABEL] : schema.columns;
  if (names === undefined) return all;
  return names.map((name) => {
    const column = all.find((candidate) => candidate.name === name);
    if (column !== undefined) return column;
    throw new FlowlampError(ErrorCode.ColumnUnknown, {
      happened: `${schema.tool} has no column ${name}`,
      expected: `--columns in the words of --schema ${schema.name}: ${all.map((candidate) => candidate.name).join(', ')}`,
      action: 'correct --columns, or leave out --schema to write columns of flowlamp',
    });
  });
}
