/** GET /v1/verdicts: what was judged of late, as a list or as it comes. */
import { ErrorCode } from '../../../core/errors.ts';
import { FIXED_LIMITS } from '../limits.ts';
import { acceptedTypes, Media } from '../media.ts';
import { Refusal } from '../refusal.ts';
import type { Answer, Call, Route, Tools } from '../route.ts';
import { type Piece, turn } from '../rows-out.ts';
import { VERDICT_LIST, VERDICTS_QUERY } from '../schemas.ts';
import { SECURITY_HEADERS } from '../security-headers.ts';
import type { RecentFilter, RecentKind, RecentRow } from '../verdict-ring.ts';

const DEFAULT_LISTED = 100;

export const VERDICTS: Route = {
  method: 'GET',
  path: '/v1/verdicts',
  name: 'verdicts',
  summary:
    'The verdicts of late, newest first; or, for who accepts text/event-stream, verdicts and alerts as they come.',
  query: VERDICTS_QUERY,
  headers: {
    accept: { description: '`text/event-stream` for events.', schema: { type: 'string' } },
    'last-event-id': {
      description: 'Of event streams: the id of the last event that was seen; what came after it is sent first.',
      schema: { type: 'string', pattern: '^\\d{1,16}$' },
    },
  },
  answers: {
    200: {
      description:
        'Events are `verdict` or `alert`, with the sequence number as id and a row as data, and `gap` where rows that were asked for are not kept any more.',
      content: { [Media.Json]: VERDICT_LIST, [Media.EventStream]: null },
    },
  },
  handle: (call, tools) =>
    acceptedTypes(call.request.headers.accept).includes(Media.EventStream) ? stream(call, tools) : list(call, tools),
};

function list({ query }: Call, { service }: Tools): Answer {
  const { recent } = service;
  const limit = Number(query['limit'] ?? DEFAULT_LISTED);
  const before = query['before'] as number | undefined;
  const filter = { kind: 'verdict' as const, ...filterOf(query) };
  const found = recent.newestFirst(filter, limit, Number(query['since'] ?? 0), before);
  const next = found.length < limit ? null : found[found.length - 1]!.sequence;
  const { newest, oldest } = recent;
  return { type: Media.Json, body: listed(found, `"newest":${newest},"oldest":${oldest},"next":${next}`) };
}

/** A thousand rows take a dozen milliseconds to write: some at a time. */
async function* listed(rows: readonly RecentRow[], behind: string): AsyncGenerator<Piece> {
  yield '{"verdicts":[';
  for (let from = 0; from < rows.length; from += FIXED_LIMITS.rowsPerTurn) {
    if (from > 0) await turn();
    const some = rows.slice(from, from + FIXED_LIMITS.rowsPerTurn);
    yield `${from > 0 ? ',' : ''}${some.map((row) => row.json()).join(',')}`;
  }
  yield `],${behind}}`;
}

function stream({ request, response, query, id }: Call, { streams }: Tools): null {
  for (const name of ['before', 'limit']) {
    if (query[name] !== undefined) throw wrong(`the query of an event stream has ${name}`, 'a list with it');
  }
  const last = request.headers['last-event-id'];
  if (last !== undefined && !/^\d{1,16}$/.test(String(last))) {
    throw wrong('Last-Event-ID is no id of an event', 'the number of one');
  }
  streams.checkRoom();
  const after = last === undefined ? (query['since'] as number | undefined) : Number(last);
  streams.start(response, { ...SECURITY_HEADERS, 'x-request-id': id }, filterOf(query), after ?? null);
  return null;
}

function filterOf(query: Call['query']): RecentFilter {
  const { verdict, min_score, min_risk, host, kind } = query;
  return {
    ...(verdict === undefined ? {} : { verdict: String(verdict) }),
    ...(min_score === undefined ? {} : { minScore: Number(min_score) }),
    ...(min_risk === undefined ? {} : { minRisk: Number(min_risk) }),
    ...(host === undefined ? {} : { host: String(host) }),
    ...(kind === undefined ? {} : { kind: kind as RecentKind }),
  };
}

function wrong(happened: string, expected: string): Refusal {
  return new Refusal(400, ErrorCode.OptionInvalid, { happened, expected, action: 'correct the request' });
}
