/**
 * The form of a model map, as a JSON Schema (2020-12): what has to be said of an ONNX classifier that was made elsewhere.
 * The one place where it is written: maps are checked against it, `flowlamp model schema` prints it for editors.
 */
import type { Schema } from '../../core/json-schema.ts';
import { OutputKind } from '../adapter.ts';
import { ListForm } from '../card.ts';
import { ModelLimits } from '../limits.ts';

const text = (description: string): Schema => ({
  type: 'string',
  title: 'text',
  minLength: 1,
  maxLength: 4096,
  description,
});

export const MAP_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://flowlamp.invalid/model-map-1.schema.json',
  title: 'an object',
  description: 'How an ONNX classifier that was made elsewhere reads flow columns (docs/model.md).',
  type: 'object',
  required: ['version', 'columns', 'labels'],
  additionalProperties: false,
  properties: {
    version: { const: 1, title: 'version 1' },
    name: text('Name of the model.'),
    modelVersion: text('Version of the model.'),
    columns: {
      type: 'array',
      title: 'a list of columns',
      description: 'The columns that the model reads, in the order of its input: names, or objects with more to say.',
      maxItems: ModelLimits.features,
      items: { $ref: '#/$defs/column' },
    },
    missing: {
      $ref: '#/$defs/missing',
      description: 'What the model takes for a null, in every column that does not say otherwise. Default: NaN.',
    },
    labels: {
      type: 'array',
      title: 'a list of labels',
      description: 'The classes in the order of the output.',
      maxItems: ModelLimits.classes,
      items: text('A class.'),
    },
    output: text('The output tensor [rows, classes]; needed where the model has several.'),
    outputKind: {
      enum: Object.values(OutputKind),
      title: 'what the output holds',
      description: 'probabilities (the default), or logits: scores before softmax or the logistic function.',
    },
    positive: text('The label whose probability is the risk of a flow.'),
    target: text('The column that holds the truth. Default: label.'),
    thresholds: {
      type: 'object',
      title: 'an object',
      description: 'Label -> least probability at which it is a verdict. Default: 0.5.',
    },
    scope: {
      type: 'object',
      title: 'an object',
      description: 'The flows that the model was trained to speak of. Default: TCP with 5 packets with payload.',
      additionalProperties: false,
      properties: {
        protocols: { type: 'array', title: 'a list of protocols', maxItems: 20, items: text('tcp, udp, ...') },
        minPayloadPackets: { type: 'integer', minimum: 0, title: 'a whole number' },
      },
    },
    origin: text('Where the traffic that it learnt from came from.'),
    generated: { type: 'boolean', title: 'true or false', description: 'That traffic was generated, not recorded.' },
    learner: text('What it learnt with, such as "xgboost 2.1".'),
    limitations: { type: 'array', title: 'a list of sentences', maxItems: 100, items: text('For the user.') },
  },
  $defs: {
    missing: { type: ['string', 'number'], title: '"nan" or a number' },
    column: {
      type: ['string', 'object'],
      title: 'the name of a column, or an object with it',
      minLength: 1,
      required: ['name'],
      additionalProperties: false,
      properties: {
        name: text('Of the column.'),
        missing: { $ref: '#/$defs/missing' },
        input: text('The tensor [rows, 1] that takes this column, of a model with one input for each.'),
        list: {
          type: 'object',
          title: 'an object with length and form',
          description: 'How a column of lists fills places of the input, one behind the other.',
          required: ['length', 'form'],
          additionalProperties: false,
          properties: {
            length: {
              type: 'integer',
              minimum: 1,
              maximum: ModelLimits.listItems,
              title: `a whole number from 1 to ${ModelLimits.listItems}`,
              description: 'Items that the model reads; places behind the end of a list are nulls.',
            },
            form: {
              enum: Object.values(ListForm),
              title: 'items or steps',
              description: 'items: as they are; steps: each less the one before it, the first less 0.',
            },
          },
        },
      },
    },
  },
} as const satisfies Schema;
