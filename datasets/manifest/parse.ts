/** The text of a manifest, JSON or YAML, as a value, and where in the text each part of it stands. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { type Parsed, parseStructured } from '../../features/files/structured-text.ts';

/** @throws FlowlampError MANIFEST_INVALID */
export function parseManifest(path: string, text: string): Parsed {
  return parseStructured(path, text, 'manifest', (what, expected) => invalid(path, what, expected));
}

export function invalid(path: string, what: string, expected: string, action = 'correct the manifest'): FlowlampError {
  return new FlowlampError(ErrorCode.ManifestInvalid, {
    happened: `${path} is no label manifest: ${what}`,
    expected,
    action,
  });
}
