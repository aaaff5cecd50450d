/**
 * The form of a label manifest, as a JSON Schema (2020-12). The one place where it is written: manifests are checked
 * against it (core/json-schema.ts), `flowlamp dataset schema` prints it for editors, docs/manifest.schema.json is a copy of it.
 * `title` says in an error what was expected; keywords that core/json-schema.ts does not know must not be used.
 */
import type { Schema } from '../../core/json-schema.ts';

const TEXT_MAX = 4096;
const text = (description: string): Schema => ({
  type: 'string',
  title: 'text',
  minLength: 1,
  maxLength: TEXT_MAX,
  description,
});
const LABEL: Schema = { $ref: '#/$defs/label' };
const PORT: Schema = { type: 'integer', minimum: 0, maximum: 65535, title: 'a port number' };
const TIME: Schema = {
  type: ['string', 'number'],
  title: 'a time (RFC 3339 in UTC, or seconds since 1970)',
  description: 'RFC 3339 in UTC, such as 2024-05-01T12:00:00Z, or seconds since 1970.',
};

const ENDPOINTS = {
  src_ip: text('Address of one side; a flow matches in either direction.'),
  src_port: PORT,
  dst_ip: text('Address of the other side.'),
  dst_port: PORT,
  protocol: text('tcp, udp, sctp, icmp or icmp6.'),
  from: { ...TIME, description: 'The flow was seen at this time or later.' },
  until: { ...TIME, description: 'The flow was seen at this time or before.' },
} as const satisfies Readonly<Record<string, Schema>>;

/** What a capture, or a manifest for all of its captures, may say of where they come from. */
const PROVENANCE = {
  origin: text('Where the traffic was recorded, by whom, or the publication that describes it.'),
  licence: text('Under which the captures may be used: an SPDX identifier, or words.'),
  site: text('The network that the traffic was recorded in: a group for splitting.'),
} as const satisfies Readonly<Record<string, Schema>>;

export const MANIFEST_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://flowlamp.invalid/manifest-1.schema.json',
  title: 'an object',
  description: 'Captures, and how their flows are labelled (docs/datasets.md).',
  type: 'object',
  required: ['version', 'captures'],
  additionalProperties: false,
  properties: {
    version: { const: 1, title: 'version 1' },
    name: text('What to call the data set.'),
    note: text('Anything that users should know.'),
    generated: { type: 'boolean', title: 'true or false', description: 'The traffic was generated, not recorded.' },
    seed: { type: 'integer', title: 'a whole number', description: 'Of the generator.' },
    root: text('The folder that names of captures start from, beside the manifest; its own without it.'),
    ...PROVENANCE,
    captures: {
      type: 'array',
      title: 'a list',
      maxItems: 1_000_000,
      items: { $ref: '#/$defs/capture' },
    },
    labels: {
      type: 'array',
      title: 'a list of rules',
      maxItems: 10_000,
      items: { $ref: '#/$defs/rule' },
      description: 'Rules, the first that matches a flow gives its label; before them come the flows of a capture.',
    },
    default: { ...LABEL, description: 'Label of flows that nothing else labels.' },
    rest: {
      enum: ['keep', 'drop'],
      title: 'keep or drop',
      description: 'What becomes of flows without a label: rows without one (keep, the default) or none at all.',
    },
  },
  $defs: {
    label: { type: 'string', title: 'text', minLength: 1, maxLength: 200 },
    capture: {
      type: 'object',
      title: 'an object',
      additionalProperties: false,
      oneOf: [{ required: ['file'] }, { required: ['glob'] }],
      properties: {
        file: text('A capture.'),
        glob: text(
          'Captures by a pattern. {label}, {site}, {client}, {server}, {date} and {role} stand for a part of a name and take it.',
        ),
        role: text('train or test: of manifests with roles, `train` and `evaluate` read theirs.'),
        label: { ...LABEL, description: 'Label of its flows that no rule labels.' },
        flows: { type: 'array', title: 'a list', maxItems: 10_000_000, items: { $ref: '#/$defs/flow' } },
        sha256: {
          type: 'string',
          title: 'the SHA-256 of the file, 64 hexadecimal digits',
          pattern: '^[0-9a-fA-F]{64}$',
        },
        ...PROVENANCE,
        client: text('The host that the traffic is of, where its address does not tell: a group for splitting.'),
        server: text('What is spoken to, where its address does not tell: a group for splitting.'),
        date: text('The day, where the times of the capture do not tell: a group for splitting.'),
        command: text('What was run while it was recorded.'),
        interface: text('Where it was recorded.'),
        recorded: text('When it was recorded.'),
      },
    },
    flow: {
      type: 'object',
      title: 'an object',
      additionalProperties: false,
      required: ['src_ip', 'src_port', 'dst_ip', 'dst_port', 'protocol', 'label'],
      properties: {
        ...ENDPOINTS,
        label: LABEL,
        group: text('Site or service that the flow is of.'),
        dialogue: text('What the lab played.'),
        encapsulation: text('What the lab wrapped it in.'),
        evasions: {
          type: 'object',
          title: 'strengths by name',
          description: 'What was done in the lab not to be recognised, and how hard, 0 to 1.',
        },
      },
    },
    rule: {
      type: 'object',
      title: 'an object',
      additionalProperties: false,
      anyOf: [{ required: ['flow'] }, { required: ['where'] }, { required: ['csv'] }, { required: ['captures'] }],
      properties: {
        captures: text('A pattern of captures: the rule is of their flows only.'),
        flow: { type: 'object', title: 'an object', additionalProperties: false, properties: ENDPOINTS },
        where: text('An expression on columns, as --filter takes: dst_port == 3333 and sni ~ "pool".'),
        csv: text('A table of labelled flows beside the manifest: CSV with a header, or a Zeek log.'),
        columns: {
          type: 'object',
          title: 'an object',
          additionalProperties: false,
          description: 'What the columns of the table are called, where they are not found by their names.',
          properties: {
            file: text('Capture that the row is of.'),
            a: text('One side, ADDRESS or ADDRESS:PORT.'),
            a_port: text('Its port.'),
            b: text('The other side.'),
            b_port: text('Its port.'),
            protocol: text('Name or number.'),
            time: text('When the flow began.'),
            duration: text('How long it took, s.'),
            label: text('Its label.'),
          },
        },
        map: {
          type: 'object',
          title: 'an object of labels',
          description: 'Labels of the table, and what to call them.',
        },
        label: { ...LABEL, description: 'What the flows are; of a table without it, what its column says.' },
      },
    },
  },
} as const satisfies Schema;
