/** What goes wrong, as problem documents (RFC 9457): our code and words, never a stack, never a path of this machine. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

type Headers = Readonly<Record<string, string>>;

/** An error that knows the status it is answered with. */
export class Refusal extends FlowlampError {
  readonly status: number;
  readonly headers: Headers;

  constructor(
    status: number,
    code: ErrorCode,
    parts: { readonly happened: string; readonly expected: string; readonly action: string },
    headers: Headers = {},
  ) {
    super(code, parts);
    this.status = status;
    this.headers = headers;
  }
}

export interface Problem {
  readonly status: number;
  readonly headers: Headers;
  readonly document: Readonly<Record<string, unknown>>;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
};

/** Codes that speak of what was sent. All others speak of this side. */
const OF_REQUEST: ReadonlySet<string> = new Set<ErrorCode>([
  ErrorCode.NotACapture,
  ErrorCode.NotATable,
  ErrorCode.FileEmpty,
  ErrorCode.CaptureDamaged,
  ErrorCode.ColumnMissing,
  ErrorCode.ColumnUnknown,
  ErrorCode.SchemaMismatch,
  ErrorCode.OptionInvalid,
  ErrorCode.FormatUnknown,
]);

/**
 * @param id of the request
 * @param error anything that was thrown
 */
export function problemOf(id: string, error: unknown): Problem {
  // Refusals are worded here, and name no files.
  if (error instanceof Refusal) return problem(id, error.status, error, error.headers, (text) => text);
  if (error instanceof FlowlampError)
    return problem(id, OF_REQUEST.has(error.code) ? 400 : 503, error, {}, withoutPaths);
  const status = clientStatus(error);
  if (status === null) return { status: 500, headers: {}, document: { ...frame(id, 500), code: 'INTERNAL' } };
  const detail = 'the request cannot be read; expected HTTP as the OpenAPI document has it; correct the request';
  return { status, headers: {}, document: { ...frame(id, status), detail, code: ErrorCode.OptionInvalid } };
}

function problem(
  id: string,
  status: number,
  error: FlowlampError,
  headers: Headers,
  shown: (text: string) => string,
): Problem {
  const [detail, expected, action] = [error.message, error.expected, error.action].map(shown);
  return { status, headers, document: { ...frame(id, status), detail, code: error.code, expected, action } };
}

function frame(id: string, status: number): Record<string, unknown> {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, instance: `urn:uuid:${id}` };
}

/** The status of an error of the HTTP library about a request, null for any other error. */
function clientStatus(error: unknown): number | null {
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const isLibrary = typeof code === 'string' && code.startsWith('FST_');
  return isLibrary && typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

/** Paths are cut down to the name of the file. */
export function withoutPaths(text: string): string {
  return text
    .replace(/(?<![\w.:/*+-])(?:\/[^\s/;:,'"()]+)+\/([^\s/;:,'"()]+)/g, '$1')
    .replace(/\b[A-Za-z]:\\(?:[^\s\\;:,'"()]+\\)*([^\s\\;:,'"()]+)/g, '$1')
    .replace(/(?<![\w:/])(?:[\w@.-]+\/)+([\w@-]+(?:\.\w+)+)/g, '$1');
}

export function tooLarge(what: string, most: number): Refusal {
  return new Refusal(413, ErrorCode.LimitExceeded, {
    happened: `${what} has more than ${most} bytes`,
    expected: 'at most that',
    action: 'send less at a time',
  });
}

/** For now; the same request may be answered later. */
export function busy(what: string, seconds: number): Refusal {
  return new Refusal(
    503,
    ErrorCode.LimitExceeded,
    { happened: what, expected: 'fewer at once', action: 'try again later' },
    { 'retry-after': String(seconds) },
  );
}
