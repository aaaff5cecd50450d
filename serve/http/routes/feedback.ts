/** /v1/feedback: what an analyst says of a verdict, and all that was said. */
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { FeedbackReceipt, FeedbackRow, FeedbackStore } from '../../feedback/store.ts';
import type { FeedbackWord } from '../../feedback/word.ts';
import { JsonRefused, parseBoundedJson } from '../../intelligence/bounded-json.ts';
import { BODY_NAME, checkAnnounced, mediaTypeOf, wholeBody } from '../body.ts';
import { FIXED_LIMITS } from '../limits.ts';
import { Media } from '../media.ts';
import { Refusal } from '../refusal.ts';
import { type Answer, type Call, checked, jsonAnswer, type Route, type Tools } from '../route.ts';
import { FEEDBACK_BODY, FEEDBACK_QUERY, FEEDBACK_RECEIPT, FEEDBACK_SUMMARY } from '../schemas.ts';

export const SAY_FEEDBACK: Route = {
  method: 'POST',
  path: '/v1/feedback',
  name: 'sayFeedback',
  summary: 'Says that a verdict of late is right or wrong, or what the flow is. Kept as a labelled row.',
  body: {
    description: 'Which row, and what is said of it.',
    isRequired: true,
    content: { [Media.Json]: FEEDBACK_BODY as Readonly<Record<string, unknown>> },
  },
  answers: { 200: { description: 'It is on the disk.', content: { [Media.Json]: FEEDBACK_RECEIPT } } },
  problems: [404, 408, 413, 415, 422, 507],
  handle: say,
};

export const READ_FEEDBACK: Route = {
  method: 'GET',
  path: '/v1/feedback',
  name: 'readFeedback',
  summary: 'What was said: how much, or all rows with their labels.',
  query: FEEDBACK_QUERY,
  answers: {
    200: {
      description: 'A summary, or the file.',
      content: { [Media.Json]: FEEDBACK_SUMMARY, [Media.JsonLines]: null },
    },
  },
  problems: [404],
  handle: ({ query }, { service }) => {
    const store = storeOf(service.feedback);
    if (query['format'] === 'jsonl') return { type: Media.JsonLines, body: store.read() };
    const { rows, bytes, rowsPerLabel } = store.facts;
    return jsonAnswer({ rows, bytes, rows_per_label: rowsPerLabel });
  },
};

type Said = FeedbackWord & {
  readonly flow_id: number;
  readonly part?: number;
  readonly row_kind?: string;
  readonly capture?: string;
  readonly sequence?: number;
};

async function say({ request }: Call, { service, limits }: Tools): Promise<Answer> {
  const store = storeOf(service.feedback);
  if (mediaTypeOf(request.headers['content-type']) !== Media.Json) throw noJson();
  checkAnnounced(request, limits.feedbackBytes);
  const said = checked(
    FEEDBACK_BODY,
    parsed(await wholeBody(request, limits.feedbackBytes, limits)),
    BODY_NAME,
  ) as Said;
  const { flow_id: flowId, part, row_kind: rowKind, capture, sequence } = said;
  const found = service.recent.find({
    flowId,
    ...(part === undefined ? {} : { part }),
    ...(rowKind === undefined ? {} : { rowKind }),
    ...(capture === undefined ? {} : { capture }),
    ...(sequence === undefined ? {} : { sequence }),
  });
  if (found === null) throw notKept();
  const { alert: _, ...row } = JSON.parse(found.json()) as FeedbackRow;
  const judged = { verdict: found.facts.verdict, labels: service.card?.labels ?? [] };
  const { label, isReplaced } = await written(store, row, said, judged);
  return jsonAnswer({
    flow_id: flowId,
    part: found.facts.part,
    row_kind: found.facts.rowKind,
    sequence: found.sequence,
    label,
    replaced: isReplaced,
  });
}

async function written(store: FeedbackStore, ...word: Parameters<FeedbackStore['add']>): Promise<FeedbackReceipt> {
  try {
    return await store.add(...word);
  } catch (cause) {
    if (!(cause instanceof FlowlampError)) throw cause;
    if (cause.code === ErrorCode.LabelsUnusable) throw new Refusal(422, cause.code, cause);
    if (cause.code === ErrorCode.LimitExceeded) throw new Refusal(507, cause.code, cause);
    throw cause;
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parseBoundedJson(bytes, FIXED_LIMITS);
  } catch (cause) {
    if (!(cause instanceof JsonRefused)) throw cause;
    throw new Refusal(400, ErrorCode.OptionInvalid, {
      happened: `${BODY_NAME} ${cause.message}`,
      expected: 'one object of JSON',
      action: 'correct it',
    });
  }
}

function storeOf(store: FeedbackStore | null): FeedbackStore {
  if (store !== null) return store;
  throw new Refusal(404, ErrorCode.Unsupported, {
    happened: 'this service keeps no feedback',
    expected: 'one that was told where to keep it',
    action: 'ask its operator to name a file for feedback',
  });
}

function noJson(): Refusal {
  return new Refusal(
    415,
    ErrorCode.FormatUnknown,
    { happened: 'feedback is no JSON', expected: `Content-Type: ${Media.Json}`, action: 'set the header' },
    { 'accept-post': Media.Json },
  );
}

function notKept(): Refusal {
  return new Refusal(404, ErrorCode.NothingFound, {
    happened: 'no such row is kept of late',
    expected: 'the flow_id of one that GET /v1/verdicts shows',
    action: 'name another, or label the flow in a table of your own',
  });
}
