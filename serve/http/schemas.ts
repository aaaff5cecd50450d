/** Schemas of what is asked and answered: what routes check with, and what the OpenAPI document shows, are the same objects. */
import type { Schema } from '../../core/json-schema.ts';
import { FIXED_LIMITS } from './limits.ts';
import { RING_DEFAULTS } from './verdict-ring.ts';

const sequence: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  title: 'the sequence number of a verdict',
};

/** A name that something in the traffic or the operator gave: no control characters. */
const text = (most: number, title: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: most,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  title,
});

const FLOW_ID: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  title: 'the flow_id of a flow',
};

export const VERDICTS_QUERY: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    verdict: { ...text(200, 'a verdict'), description: 'Rows with this verdict; `unknown` is one.' },
    min_score: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      title: 'a number from 0 to 1',
      description: 'Rows whose most probable class has at least this probability.',
    },
    min_risk: {
      type: 'number',
      minimum: 0,
      maximum: 10,
      title: 'a number from 0 to 10',
      description: 'Rows of at least this risk.',
    },
    host: {
      ...text(253, 'an address or a name'),
      description: 'Rows with this address on either side, or this server name.',
    },
    kind: {
      type: 'string',
      enum: ['verdict', 'alert'],
      description: 'Judged rows, or alerts. A list has rows where nothing is said, an event stream has both.',
    },
    since: { ...sequence, description: 'Only what came after this sequence number.' },
    before: { ...sequence, description: 'Only what came before it: `next` of the list before. Not of event streams.' },
    limit: {
      type: 'integer',
      minimum: 1,
      maximum: FIXED_LIMITS.listedVerdicts,
      title: `a number from 1 to ${FIXED_LIMITS.listedVerdicts}`,
      description: 'At most so many; 100 where nothing is said. Not of event streams.',
    },
  },
};

export const FEEDBACK_BODY: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['flow_id'],
  oneOf: [{ required: ['right'] }, { required: ['label'] }],
  title: 'an object with flow_id and one of right and label',
  properties: {
    flow_id: FLOW_ID,
    part: { type: 'integer', minimum: 0, maximum: 0xffff_ffff, title: 'the part of a flow' },
    row_kind: { type: 'string', enum: ['end', 'prefix', 'interval'] },
    capture: text(4096, 'the capture of a flow'),
    sequence: { ...sequence, description: 'Of the row that is meant; without it the newest row of the flow is.' },
    right: { type: 'boolean', title: 'true or false', description: 'Whether the verdict is right.' },
    label: { ...text(64, 'the name of a class'), description: 'What the flow is.' },
    note: text(2_000, 'a note of at most 2,000 characters'),
    analyst: text(200, 'who says so'),
  },
};

export const FEEDBACK_QUERY: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    format: {
      type: 'string',
      enum: ['summary', 'jsonl'],
      description: 'How much there is (where nothing is said), or all of it, as `flowlamp train` takes it.',
    },
  },
};

type Document = Readonly<Record<string, unknown>>;

const STRING: Document = { type: 'string' };
const COUNT: Document = { type: 'integer', minimum: 0 };
const NAME: Document = { type: ['string', 'null'] };
const strings: Document = { type: 'array', items: STRING };

function object(properties: Readonly<Record<string, unknown>>, isOpen = false): Document {
  return { type: 'object', required: Object.keys(properties), properties, additionalProperties: isOpen };
}

export const PROBLEM: Document = {
  ...object({ type: STRING, title: STRING, status: COUNT, instance: STRING, code: STRING }, true),
  description:
    'RFC 9457. `code` is that of the command line, `detail` says what happened, was expected and can be done.',
};

const VERDICT_MEMBERS = {
  predicted: STRING,
  score: { type: 'number', minimum: 0, maximum: 1 },
  verdict: STRING,
  risk: { type: ['integer', 'null'], minimum: 0, maximum: 10 },
  evidence: {
    type: 'array',
    items: object({ source: STRING, finding: STRING, weight: { type: 'number' } }),
  },
  model: STRING,
};

export const SCORED_ROW: Document = {
  ...object(VERDICT_MEMBERS, true),
  description: 'The columns of the flow, and those of the verdict.',
};

export const ROW: Document = {
  type: 'object',
  additionalProperties: true,
  description: 'The columns of a flow, as `flowlamp extract` writes them: at least those that the model reads.',
};

export const RECENT_ROW: Document = {
  ...object({ sequence: COUNT, ...VERDICT_MEMBERS }, true),
  description: 'As a scored row; of alerts the member `alert` says why.',
};

export const VERDICT_LIST: Document = {
  ...object({
    verdicts: { type: 'array', items: RECENT_ROW, description: 'Newest first.' },
    newest: { ...COUNT, description: 'The number of the newest row that there is, of whichever kind.' },
    oldest: { ...COUNT, description: 'The number of the oldest row that is kept.' },
    next: {
      type: ['integer', 'null'],
      description: 'What `before` is in the request for older rows; null at the end.',
    },
  }),
  description: `What is kept of late: at most ${RING_DEFAULTS.rows} rows, unless the operator says otherwise.`,
};

export const FEEDBACK_RECEIPT: Document = object({
  flow_id: COUNT,
  part: { type: ['integer', 'null'] },
  row_kind: NAME,
  sequence: COUNT,
  label: STRING,
  replaced: { type: 'boolean', description: 'Something had been said of this row before; this is the last word.' },
});

export const FEEDBACK_SUMMARY: Document = object({
  rows: COUNT,
  bytes: COUNT,
  rows_per_label: { type: 'object', additionalProperties: COUNT },
});

export const MODEL: Document = object({
  name: STRING,
  version: STRING,
  created: STRING,
  labels: strings,
  positive: NAME,
  thresholds: { type: 'object', additionalProperties: { type: 'number' } },
  inputs: COUNT,
  inputs_hash: STRING,
  scope: object({ protocols: strings, min_payload_packets: COUNT }),
  limitations: strings,
});

export const RELOADED: Document = object({ before: NAME, after: STRING });

export const ALIVE: Document = object({ status: { const: 'alive' } });

export const READINESS: Document = object({
  status: { enum: ['ready', 'not ready'] },
  source: { enum: ['running', 'waiting', 'failed', 'ended'] },
  model: { type: 'boolean' },
  sinks: { type: 'array', items: object({ name: STRING, alive: { type: 'boolean' } }) },
});
