/**
 * Every error that reaches a user. Hostile bytes never throw (they return a status and are counted); misuse and I/O do,
 * and then say what happened, what was expected and what to do next, in one line.
 */
export const ErrorCode = {
  FileNotFound: 'FILE_NOT_FOUND',
  FileUnreadable: 'FILE_UNREADABLE',
  FileEmpty: 'FILE_EMPTY',
  NothingFound: 'NOTHING_FOUND',
  NotACapture: 'NOT_A_CAPTURE',
  NotATable: 'NOT_A_TABLE',
  CaptureDamaged: 'CAPTURE_DAMAGED',
  OutputUnwritable: 'OUTPUT_UNWRITABLE',
  FormatUnknown: 'FORMAT_UNKNOWN',
  ColumnUnknown: 'COLUMN_UNKNOWN',
  ColumnMissing: 'COLUMN_MISSING',
  SchemaMismatch: 'SCHEMA_MISMATCH',
  ModelNotFound: 'MODEL_NOT_FOUND',
  ModelInvalid: 'MODEL_INVALID',
  ManifestInvalid: 'MANIFEST_INVALID',
  MapInvalid: 'MAP_INVALID',
  LabelsUnusable: 'LABELS_UNUSABLE',
  AuditBreached: 'AUDIT_BREACHED',
  LimitExceeded: 'LIMIT_EXCEEDED',
  KeyInvalid: 'KEY_INVALID',
  FeedUnreadable: 'FEED_UNREADABLE',
  FeedRefused: 'FEED_REFUSED',
  OptionInvalid: 'OPTION_INVALID',
  Unsupported: 'UNSUPPORTED',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export interface ErrorParts {
  /** What happened, with the name of the thing it happened to. */
  readonly happened: string;
  /** What would have been right. */
  readonly expected: string;
  /** What the user can do now. */
  readonly action: string;
  readonly cause?: unknown;
}

export class FlowlampError extends Error {
  override readonly name = 'FlowlampError';
  readonly code: ErrorCode;
  readonly happened: string;
  readonly expected: string;
  readonly action: string;

  constructor(code: ErrorCode, parts: ErrorParts) {
    const [happened, expected, action] = [parts.happened, parts.expected, parts.action].map(oneLine) as Line;
    super(
      `${happened}; expected ${expected}; ${action}`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    this.code = code;
    this.happened = happened;
    this.expected = expected;
    this.action = action;
  }
}

type Line = [happened: string, expected: string, action: string];

const LONGEST_PART = 1000;

/** Names of files, columns and labels come from strangers: they must neither break the line nor reach a terminal raw. */
function oneLine(text: string): string {
  const line = text.slice(0, LONGEST_PART).replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return character === '\n' ? '\\n' : `\\u${code}`;
  });
  return text.length > LONGEST_PART ? `${line}\u2026` : line;
}

/** Closes a switch over a closed set: the compiler objects when a member is not handled. */
export function assertNever(value: never): never {
  throw new Error(`not a member of the closed set: ${String(value)}`);
}
