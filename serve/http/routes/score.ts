/** POST /v1/score: rows or packets in, verdicts out. */
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import type { Table } from '../../../core/table.ts';
import { withVerdicts } from '../../verdict-columns.ts';
import { BODY_NAME, checkAnnounced, mediaTypeOf } from '../body.ts';
import { FIXED_LIMITS } from '../limits.ts';
import { answerMedia, Media, scoredMedia } from '../media.ts';
import { busy } from '../refusal.ts';
import type { Answer, Call, Route, Tools } from '../route.ts';
import { type BodyAccount, bodyTables, memoryOf, mostBytes, tooLate } from '../rows-in.ts';
import { encodedRows, type Piece } from '../rows-out.ts';
import { ROW, SCORED_ROW } from '../schemas.ts';
import type { ModelLease } from '../service.ts';

const rowsOf = (row: Readonly<Record<string, unknown>>) => ({
  oneOf: [
    { type: 'array', items: row },
    {
      type: 'object',
      required: ['rows'],
      additionalProperties: false,
      properties: { rows: { type: 'array', items: row } },
    },
  ],
});

export const SCORE: Route = {
  method: 'POST',
  path: '/v1/score',
  name: 'score',
  summary: 'Scores flow rows, or the flows of a capture. The answer is in kind, or in the form that Accept names.',
  headers: {
    accept: {
      description: 'One of the forms of the answer. Captures are answered in JSON lines where nothing is said.',
      schema: { type: 'string' },
    },
  },
  body: {
    description: 'Rows of flows as `flowlamp extract` writes them, or a capture (pcap, pcapng, also gzip).',
    isRequired: true,
    content: {
      [Media.Json]: rowsOf(ROW),
      [Media.JsonLines]: null,
      [Media.ArrowStream]: null,
      [Media.ArrowFile]: null,
      [Media.Capture]: null,
    },
  },
  answers: {
    200: {
      description:
        'The rows in their order, with the columns of verdicts. `Flowlamp-Damage` says where a capture broke off.',
      content: { [Media.Json]: rowsOf(SCORED_ROW), [Media.JsonLines]: null, [Media.ArrowStream]: null },
    },
  },
  problems: [406, 408, 413, 415],
  handle: scoreBody,
};

async function scoreBody(call: Call, tools: Tools): Promise<Answer> {
  const { request } = call;
  const media = scoredMedia(mediaTypeOf(request.headers['content-type']));
  const answer = answerMedia(media, request.headers.accept);
  checkAnnounced(request, mostBytes(media, tools.limits));
  const account: BodyAccount = { damage: null, isWrapped: false, isOver: false };
  const leave = await tools.admission.enter(memoryOf(media, request, tools.limits));
  const pieces = bounded(call, tools, account, leave, (lease) => {
    const tables = bodyTables(media, request, tools.limits, account);
    return encodedRows(answer, judged(tables, lease), account);
  });
  const body = await held(pieces);
  const headers: Record<string, string> = account.damage === null ? {} : { 'flowlamp-damage': account.damage };
  return { type: answer, body, headers };
}

/** Pieces within the time that a request may take; the model and the room in memory are given back at their end. */
async function* bounded(
  { response }: Call,
  { service, limits }: Tools,
  account: BodyAccount,
  leave: () => void,
  make: (lease: ModelLease) => AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  let lease: ModelLease | null = null;
  const end = () => {
    account.isOver = true;
  };
  // A client that has gone away waits for nothing.
  response.once('close', end);
  const timer = setTimeout(() => {
    end();
    // Who reads slowly waits in vain for the rest; who has no answer yet is told.
    if (response.headersSent) response.destroy();
  }, limits.scoreMs);
  try {
    lease = service.lease();
    for await (const piece of make(lease)) {
      if (account.isOver) throw tooLate();
      yield piece;
    }
  } finally {
    clearTimeout(timer);
    response.removeListener('close', end);
    lease?.release();
    leave();
  }
}

async function* judged(tables: AsyncIterable<Table>, lease: ModelLease): AsyncGenerator<Table> {
  for await (const table of tables) {
    yield withVerdicts(table.specs, table, await submitted(lease, table));
  }
}

async function submitted(lease: ModelLease, table: Table) {
  try {
    return await lease.submit(BODY_NAME, table.specs, table);
  } catch (cause) {
    const isFull = cause instanceof FlowlampError && cause.code === ErrorCode.LimitExceeded;
    throw isFull ? busy('too many requests wait for the model', 1) : cause;
  }
}

/** The whole answer if it is short, so that what goes wrong can be told; else what goes on as it is made. */
async function held(pieces: AsyncGenerator<Piece>): Promise<Uint8Array | AsyncIterable<Piece>> {
  const begun: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return Buffer.concat(begun);
    const piece = Buffer.from(next.value);
    begun.push(piece);
    bytes += piece.length;
    if (bytes > FIXED_LIMITS.heldAnswerBytes) return chained(begun, pieces);
  }
}

async function* chained(begun: Uint8Array[], rest: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  try {
    yield* begun.splice(0);
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
