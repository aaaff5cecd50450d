/** The text of a manifest, JSON or YAML, as a value, and where in the text each part of it stands. */
import { LineCounter, parseDocument } from 'yaml';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import type { Place } from './check.ts';

export interface Parsed {
  readonly value: unknown;
  /** The line on which a part stands, null where that is not known. */
  readonly lineOf: (place: Place) => number | null;
}

/** References of a YAML alias that are followed: more are an attempt to fill the memory. */
const MAX_ALIASES = 100;
/** Characters of YAML: it takes fifty times its size while it is parsed. Large manifests are generated, as JSON. */
const MAX_YAML = 16 * 1024 * 1024;

export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/** @throws FlowlampError MANIFEST_INVALID */
export function parseManifest(path: string, text: string): Parsed {
  return isYaml(path) ? parseYaml(path, text) : parseJson(path, text);
}

function parseJson(path: string, text: string): Parsed {
  try {
    return { value: JSON.parse(text), lineOf: () => null };
  } catch (cause) {
    throw invalid(
      path,
      `it is no JSON (${(cause as Error).message})`,
      'a JSON manifest, or YAML in a file that ends in .yaml',
    );
  }
}

function parseYaml(path: string, text: string): Parsed {
  if (text.length > MAX_YAML) throw invalid(path, `it has ${text.length} characters`, `at most ${MAX_YAML}, or JSON`);
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
    throw invalid(path, `it is no YAML (${line!.replace(/:$/, '')})`, 'a YAML manifest');
  }
}

export function invalid(path: string, what: string, expected: string, action = 'correct the manifest'): FlowlampError {
  return new FlowlampError(ErrorCode.ManifestInvalid, {
    happened: `${path} is no label manifest: ${what}`,
    expected,
    action,
  });
}
