/** What watches over the service asks: /healthz, /readyz, /metrics; and the description of it all. */
import { ErrorCode } from '../../../core/errors.ts';
import { Media } from '../media.ts';
import { Refusal } from '../refusal.ts';
import { jsonAnswer, type Route } from '../route.ts';
import { ALIVE, READINESS } from '../schemas.ts';

export const HEALTH: Route = {
  method: 'GET',
  path: '/healthz',
  name: 'health',
  summary: 'Whether the process is alive.',
  isOpen: true,
  answers: { 200: { description: 'It is.', content: { [Media.Json]: ALIVE } } },
  handle: () => jsonAnswer({ status: 'alive' }),
};

const readiness = { [Media.Json]: READINESS };

export const READY: Route = {
  method: 'GET',
  path: '/readyz',
  name: 'ready',
  summary:
    'Whether packets come in, a model judges them, and at least one sink takes the verdicts (where there are any).',
  isOpen: true,
  answers: {
    200: { description: 'Ready.', content: readiness },
    503: { description: 'Not ready, or not there.', content: readiness },
  },
  handle: (_, { service }) => {
    const { source, isModelLoaded, sinks } = service.readiness();
    const isDelivered = sinks.length === 0 || sinks.some(({ isAlive }) => isAlive);
    const isReady = (source === 'running' || source === 'ended') && isModelLoaded && isDelivered;
    const shown = sinks.map(({ name, isAlive }) => ({ name, alive: isAlive }));
    const status = isReady ? 'ready' : 'not ready';
    return jsonAnswer({ status, source, model: isModelLoaded, sinks: shown }, isReady ? 200 : 503);
  },
};

export const METRICS: Route = {
  method: 'GET',
  path: '/metrics',
  name: 'metrics',
  summary: 'What Prometheus reads.',
  answers: { 200: { description: 'Text format 0.0.4.', content: { 'text/plain': { type: 'string' } } } },
  problems: [404],
  handle: async (_, { metrics }) => {
    if (metrics === null) {
      throw new Refusal(404, ErrorCode.Unsupported, {
        happened: 'this service measures nothing',
        expected: 'the optional package prom-client',
        action: 'install it beside flowlamp with npm',
      });
    }
    const { type, text } = await metrics.render();
    return { type, body: text };
  },
};

export const DOCUMENT: Route = {
  method: 'GET',
  path: '/openapi.json',
  name: 'document',
  summary: 'This document.',
  answers: { 200: { description: 'OpenAPI 3.1.', content: { [Media.Json]: { type: 'object' } } } },
  handle: (_, { document }) => ({ type: Media.Json, body: document() }),
};
