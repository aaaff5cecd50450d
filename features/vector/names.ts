/**
 * Group `names`: the shape of names, for people, rules and joins. Never a model input, as the names themselves: a model that
 * learns what pools are called knows the pools that it was shown.
 */
import type { NameShape } from '../fingerprint/name-shape.ts';
import type { FactNumbers, FactWriter } from './facts.ts';
import type { FeatureRows } from './spec.ts';

const NO_NAME = 'No server name.';

export const NAMES = {
  sni_domain: {
    type: 'utf8',
    doc: 'Registrable domain of the server name, by the public suffix list without its private part (package tldts).',
    nulls: 'No server name, or it is an address or itself a public suffix.',
  },
  sni_length: { type: 'uint16', unit: 'characters', doc: 'Length of the server name.', nulls: NO_NAME },
  sni_labels: { type: 'uint16', unit: 'labels', doc: 'Labels of the server name: runs between dots.', nulls: NO_NAME },
  sni_words: {
    type: 'uint16',
    unit: 'words',
    doc: 'Words and numbers of the server name (sni_tokens).',
    nulls: NO_NAME,
  },
  sni_digit_share: { type: 'float64', doc: 'Share of digits in the server name, dots left out.', nulls: NO_NAME },
  sni_entropy: {
    type: 'float64',
    unit: 'bits',
    doc: 'Shannon entropy of the characters of the server name, in lower case, dots left out, bits a character.',
    nulls: NO_NAME,
  },
} as const satisfies FeatureRows;

/** Of the server name. A name of another protocol is a row of columns above, and a function like this. */
export function writeServerNameShape(facts: FactWriter, at: FactNumbers<typeof NAMES>, shape: NameShape): void {
  facts.text(at.sni_domain, shape.domain);
  facts.number(at.sni_length, shape.length);
  facts.number(at.sni_labels, shape.labels);
  facts.number(at.sni_words, shape.words);
  facts.number(at.sni_digit_share, shape.digitShare);
  facts.number(at.sni_entropy, shape.entropy);
}
