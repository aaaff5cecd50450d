/** What a route is: how it is asked, what it answers, and the function that does it. The OpenAPI document is made of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorCode } from '../../core/errors.ts';
import { firstMistake, type Schema } from '../../core/json-schema.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Access } from './access.ts';
import type { Admission } from './admission.ts';
import type { EventStreams } from './event-stream.ts';
import type { HttpLimits } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { Piece } from './rows-out.ts';
import type { SidecarService } from './service.ts';

export interface Call {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Checked; numbers are numbers. */
  readonly query: Readonly<Record<string, string | number>>;
}

export interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array | AsyncIterable<Piece>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What routes work with. */
export interface Tools {
  readonly service: SidecarService;
  readonly metrics: Pick<Metrics, 'render'> | null;
  readonly limits: HttpLimits;
  readonly access: Access;
  readonly admission: Admission;
  readonly streams: EventStreams;
  readonly log: Log;
  /** The OpenAPI document, as text. */
  readonly document: () => string;
}

/** A schema of OpenAPI 3.1 (JSON Schema 2020-12); null for bytes. */
export type ContentSchema = Readonly<Record<string, unknown>> | null;
export type Content = Readonly<Record<string, ContentSchema>>;

export interface DocumentedAnswer {
  readonly description: string;
  readonly content: Content;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  /** Answered without a token: what says only whether the service is there. */
  readonly isOpen?: true;
  /** Of its members, all of which are scalars. */
  readonly query?: Schema;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
  readonly body?: { readonly description: string; readonly isRequired: boolean; readonly content: Content };
  /** Besides problems. */
  readonly answers: Readonly<Record<number, DocumentedAnswer>>;
  /** Statuses of problems that every route does not have. */
  readonly problems?: readonly number[];
  /** @returns null where the response was taken over */
  handle(call: Call, tools: Tools): Answer | null | Promise<Answer | null>;
}

export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

/** @throws Refusal 400 with the first mistake */
export function checkedQuery({ query }: Route, found: Readonly<Record<string, unknown>>): Call['query'] {
  const schema = query ?? { type: 'object', properties: {}, additionalProperties: false };
  const entries = Object.entries(found).map(([name, value]) => [name, typedValue(schema, name, value)]);
  return checked(schema, Object.fromEntries(entries), 'the query') as Call['query'];
}

/** @throws Refusal 400 with the first mistake */
export function checked(schema: Schema, value: unknown, whole: string): unknown {
  const mistake = firstMistake(schema, value, whole);
  if (mistake === null) return value;
  const { happened, expected } = mistake;
  throw new Refusal(400, ErrorCode.OptionInvalid, { happened, expected, action: `correct ${whole}` });
}

/** What stands in a query is text. */
function typedValue({ properties }: Schema, name: string, value: unknown): unknown {
  const type = properties !== undefined && Object.hasOwn(properties, name) ? properties[name]!.type : undefined;
  const isNumber = (type === 'integer' || type === 'number') && typeof value === 'string';
  return isNumber && /^-?\d{1,16}(\.\d{1,16})?$/.test(value) ? Number(value) : value;
}
