/** The HTTP service: fastify, its bounds, and the routes. */
import { randomUUID } from 'node:crypto';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { type Log, SILENT_LOG } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { type Importer, loadOptional } from '../optional-package.ts';
import { Access, unauthorized } from './access.ts';
import { Admission } from './admission.ts';
import { type CheckedHttpConfig, checkedHttpConfig, type HttpConfig } from './config.ts';
import { EventStreams } from './event-stream.ts';
import { FIXED_LIMITS } from './limits.ts';
import { openApiDocument } from './openapi.ts';
import { RateTable } from './rate.ts';
import { PROBLEM_TYPE, problemOf, Refusal } from './refusal.ts';
import { type Answer, checkedQuery, type Route, type Tools } from './route.ts';
import { READ_FEEDBACK, SAY_FEEDBACK } from './routes/feedback.ts';
import { DOCUMENT, HEALTH, METRICS, READY } from './routes/health.ts';
import { RELOAD_MODEL, SHOW_MODEL } from './routes/model.ts';
import { SCORE } from './routes/score.ts';
import { VERDICTS } from './routes/verdicts.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import type { SidecarService } from './service.ts';

export const ROUTES: readonly Route[] = [
  SCORE,
  VERDICTS,
  SAY_FEEDBACK,
  READ_FEEDBACK,
  SHOW_MODEL,
  RELOAD_MODEL,
  HEALTH,
  READY,
  METRICS,
  DOCUMENT,
];

type Fastify = (options: FastifyServerOptions & { readonly https?: object; readonly http?: object }) => FastifyInstance;

export interface RunningHttpServer {
  /** `http://127.0.0.1:9477`. */
  readonly url: string;
  readonly port: number;
  /** For tests: requests without a network. */
  readonly app: FastifyInstance;
  /** Takes no more requests, lets those under way end within some seconds, and ends event streams. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly log?: Log;
  /** Shown in the OpenAPI document. */
  readonly version?: string;
  readonly load?: Importer;
}

/**
 * Starts to listen.
 *
 * @param metrics null where nothing is measured
 * @throws FlowlampError OPTION_INVALID for an address that others reach, without a token or client certificates; UNSUPPORTED
 *   where fastify is not installed or the address cannot be listened on
 */
export async function startHttpServer(
  config: HttpConfig,
  service: SidecarService,
  metrics: Metrics | null = null,
  { log = SILENT_LOG, version = '0.0.0', load }: HttpServerOptions = {},
): Promise<RunningHttpServer> {
  const checked = checkedHttpConfig(config);
  const fastify = await loadOptional<Fastify>('fastify', 'the HTTP service', load);
  const app = fastify(optionsOf(checked));
  const server = app.server as HttpServer;
  server.maxConnections = checked.limits.connections;
  const tools: Tools = {
    service,
    metrics,
    limits: checked.limits,
    access: new Access(checked),
    admission: new Admission(checked.limits),
    streams: new EventStreams(service.recent, checked.limits),
    log,
    document: () => document,
  };
  const document = JSON.stringify(openApiDocument(ROUTES, version));
  if (metrics !== null) metrics.subscribers = () => tools.streams.size;
  prepare(app, tools, metrics);
  try {
    await app.listen({ host: checked.host, port: checked.port });
  } catch (cause) {
    tools.streams.close();
    throw notListening(checked, cause);
  }
  if (!checked.isLoopback && checked.tls === null) {
    log.warn({ host: checked.host }, 'the token and all verdicts cross the network in clear: TLS is not set');
  }
  return running(app, server, checked, tools);
}

function optionsOf({ limits, tls }: CheckedHttpConfig) {
  const bounds = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: FIXED_LIMITS.checkMs,
    maxHeaderSize: FIXED_LIMITS.headerBytes,
  };
  const secured = tls === null ? null : { ...bounds, ...serverTls(tls, limits.headersMs) };
  return {
    logger: false,
    ...(secured === null ? { http: bounds } : { https: secured }),
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.silenceMs,
    keepAliveTimeout: limits.headersMs,
    bodyLimit: limits.captureBytes,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerBadRequest,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, request.id, error);
    },
  } as const;
}

function serverTls({ cert, key, ca }: NonNullable<CheckedHttpConfig['tls']>, handshakeTimeout: number) {
  const clients = ca === null ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, minVersion: 'TLSv1.2', handshakeTimeout, ...clients } as const;
}

/** Hooks that stand before every route, and the routes. */
function prepare(app: FastifyInstance, tools: Tools, metrics: Metrics | null): void {
  const { limits, access, log } = tools;
  const rates = new RateTable(limits.requestsPerSecond, limits.burst, FIXED_LIMITS.clients);
  const byPath = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));
  // Routes read bodies themselves, piece by piece, within the bounds of each.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id });
    const client = request.raw.socket.remoteAddress ?? '';
    const wait = rates.take(client);
    if (wait > 0) throw tooOften(wait);
    access.checkCaller(request.headers);
    const route = byPath.get(`${request.method} ${request.routeOptions.url ?? ''}`);
    if (route?.isOpen || access.isKnown(request.headers)) return;
    rates.take(client, WRONG_TOKEN_COST);
    throw unauthorized();
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const { statusCode: status } = reply;
    metrics?.countRequest(route, route === 'none' ? 'any' : request.method, status);
    log.debug({ id: request.id, method: request.method, route, status, ms: reply.elapsedTime }, 'answered');
    linger(request.raw);
  });
  app.setErrorHandler((error, request, reply) => {
    if (problemOf(request.id, error).status >= 500) logFailure(log, request.id, error);
    sendProblem(reply, request.id, error);
  });
  app.setNotFoundHandler((request) => {
    const allowed = ROUTES.filter(({ path }) => path === pathOf(request.url)).map(({ method }) => method);
    throw allowed.length > 0 ? wrongMethod(allowed) : noSuchPath();
  });
  for (const route of ROUTES) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => answer(route, tools, request, reply),
    });
  }
}

/** Requests that one with a wrong token counts as. */
const WRONG_TOKEN_COST = 20;

async function answer(
  route: Route,
  tools: Tools,
  { id, raw, query }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const call = { id, request: raw, response: reply.raw, query: checkedQuery(route, query as Record<string, unknown>) };
  const found = await route.handle(call, tools);
  if (found === null) {
    reply.hijack();
    return undefined;
  }
  return reply
    .code(found.status ?? 200)
    .headers({ 'content-type': found.type, ...found.headers })
    .send(sendable(found.body));
}

/** Bytes, for fastify adds a charset to what is text. */
function sendable(body: Answer['body']): Uint8Array | Readable {
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? body : Readable.from(body, { objectMode: false });
}

function sendProblem(reply: FastifyReply, id: string, error: unknown): void {
  const { status, headers, document } = problemOf(id, error);
  reply
    .code(status)
    .headers({ ...SECURITY_HEADERS, 'x-request-id': id, ...headers, 'content-type': PROBLEM_TYPE })
    .send(Buffer.from(JSON.stringify(document)));
}

/** A connection on which no request can be read, or none came in time. */
function answerBadRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = STATUS_OF_CLIENT_ERROR[error.code ?? ''] ?? 400;
  const { document } = problemOf(randomUUID(), new Refusal(status, ErrorCode.OptionInvalid, UNREADABLE));
  const body = JSON.stringify(document);
  if (socket.writable) {
    const head = `HTTP/1.1 ${status} ${document['title']}\r\nContent-Type: ${PROBLEM_TYPE}\r\nConnection: close`;
    socket.write(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}

const STATUS_OF_CLIENT_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const UNREADABLE = {
  happened: 'the request cannot be read, or did not come in time',
  expected: 'HTTP/1.1',
  action: 'correct the request',
};

/** The rest of a body that nobody wants is thrown away for a moment, so that the answer to it arrives; then the line is cut. */
function linger(request: IncomingMessage): void {
  if (request.complete !== false) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, FIXED_LIMITS.lingerMs);
  timer.unref();
  request.once('end', () => clearTimeout(timer));
  // Whoever was reading has given up, perhaps without a word to the stream.
  request.removeAllListeners('readable');
  setImmediate(() => request.resume());
}

function running(
  app: FastifyInstance,
  server: HttpServer,
  { host, tls }: CheckedHttpConfig,
  { streams }: Tools,
): RunningHttpServer {
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | null = null;
  const close = async () => {
    streams.close();
    const timer = setTimeout(() => server.closeAllConnections(), FIXED_LIMITS.closeMs);
    await app.close();
    clearTimeout(timer);
  };
  return {
    url: `${tls === null ? 'http' : 'https'}://${name}:${port}`,
    port,
    app,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Nothing of the request: it may hold anything. */
function logFailure(log: Log, id: string, error: unknown): void {
  const { message, stack } = error as Partial<Error>;
  if (error instanceof FlowlampError) log.warn({ id, code: error.code }, message ?? '');
  else log.error({ id, stack: stack ?? String(error) }, 'a request failed');
}

function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0]!;
}

function tooOften(seconds: number): Refusal {
  return new Refusal(
    429,
    ErrorCode.LimitExceeded,
    { happened: 'this client asks too often', expected: 'fewer requests per second', action: 'send more rows in each' },
    { 'retry-after': String(seconds) },
  );
}

function wrongMethod(allowed: readonly string[]): Refusal {
  return new Refusal(
    405,
    ErrorCode.OptionInvalid,
    { happened: 'the path has no such method', expected: allowed.join(' or '), action: 'use it' },
    { allow: allowed.join(', ') },
  );
}

function noSuchPath(): Refusal {
  return new Refusal(404, ErrorCode.NothingFound, {
    happened: 'there is no such path',
    expected: `one of ${[...new Set(ROUTES.map(({ path }) => path))].join(', ')}`,
    action: 'read /openapi.json',
  });
}

function notListening({ host, port }: CheckedHttpConfig, cause: unknown): FlowlampError {
  return new FlowlampError(ErrorCode.Unsupported, {
    happened: `${host}:${port} cannot be listened on (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    expected: 'an address of this machine and a port that is free',
    action: 'choose another port or address',
    cause,
  });
}
