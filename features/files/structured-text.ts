/** The text of a file that people write, JSON or YAML, as a value, and where in the text each part of it stands. */
import { LineCounter, parseDocument } from 'yaml';
import type { FlowlampError } from '../../core/errors.ts';
import type { Place } from '../../core/json-schema.ts';

export interface Parsed {
  readonly value: unknown;
  /** The line on which a part stands, null where that is not known. */
  readonly lineOf: (place: Place) => number | null;
}

/** Makes the error of a text that is none: what is wrong with it, and what was expected. */
export type Refuse = (what: string, expected: string) => FlowlampError;

/** References of a YAML alias that are followed: more are an attempt to fill the memory. */
const MAX_ALIASES = 100;
/** Characters of YAML: it takes fifty times its size while it is parsed. Large files are generated, as JSON. */
const MAX_YAML = 16 * 1024 * 1024;

export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/** @param name what the text is to be, in errors: `manifest` */
export function parseStructured(path: string, text: string, name: string, refuse: Refuse): Parsed {
  return isYaml(path) ? parseYaml(text, name, refuse) : parseJson(text, name, refuse);
}

function parseJson(text: string, name: string, refuse: Refuse): Parsed {
  try {
    return { value: JSON.parse(text), lineOf: () => null };
  } catch (cause) {
    throw refuse(`it is no JSON (${(cause as Error).message})`, `a JSON ${name}, or YAML in a file that ends in .yaml`);
  }
}

function parseYaml(text: string, name: string, refuse: Refuse): Parsed {
  if (text.length > MAX_YAML) throw refuse(`it has ${text.length} characters`, `at most ${MAX_YAML}, or JSON`);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, maxAliasCount: MAX_ALIASES } as never);
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const value = document.toJS({ maxAliasCount: MAX_ALIASES });
    const lineOf = (place: Place) => {
      const node = document.getIn([...place], true) as { range?: [number, number, number] } | null | undefined;
      return node?.range === undefined ? null : lines.linePos(node.range[0]).line;
    };
    return { value, lineOf };
  } catch (cause) {
    const [line] = (cause as Error).message.split('\n');
    throw refuse(`it is no YAML (${line!.replace(/:$/, '')})`, `a YAML ${name}`);
  }
}
