/** The OpenAPI document (3.1), made of the routes. */
import type { Schema } from '../../core/json-schema.ts';
import { PROBLEM_TYPE } from './refusal.ts';
import type { Content, Route } from './route.ts';
import { PROBLEM } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** What any route may answer: nothing to read in the query, who asks, how often, and what went wrong here. */
const COMMON = [400, 401, 403, 421, 429, 500, 503];

export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'flowlamp',
      version,
      description: 'Verdicts on network flows. Loopback only, unless there is a token or TLS with client certificates.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operation(route: Route): Json {
  const { name, summary, isOpen, body, answers, problems = [] } = route;
  const responses: Record<string, Json> = {};
  for (const status of [...COMMON, ...problems]) responses[status] = problemAnswer();
  for (const [status, { description, content }] of Object.entries(answers)) {
    const problem = responses[status] === undefined ? {} : problemContent();
    responses[status] = { description, content: { ...problem, ...contentOf(content) } };
  }
  return {
    operationId: name,
    summary,
    ...(isOpen ? {} : { security: [{}, { token: [] }] }),
    parameters: parameters(route),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            description: body.description,
            required: body.isRequired,
            content: contentOf(body.content),
          },
        }),
    responses,
  };
}

function parameters({ query, headers = {} }: Route): Json[] {
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, { description, ...schema }]) =>
    parameter(name, 'query', description, schema),
  );
  const inHeaders = Object.entries(headers)
    // OpenAPI has other places for it.
    .filter(([name]) => name !== 'accept')
    .map(([name, { description, schema }]) => parameter(name, 'header', description, schema));
  return [...inQuery, ...inHeaders];
}

function parameter(name: string, place: string, description: string | undefined, schema: Schema): Json {
  return { name, in: place, required: false, ...(description === undefined ? {} : { description }), schema };
}

function contentOf(content: Content): Json {
  return Object.fromEntries(
    Object.entries(content).map(([media, schema]) => [media, schema === null ? {} : { schema }]),
  );
}

function problemContent(): Json {
  return { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
}

function problemAnswer(): Json {
  return { description: 'What is wrong.', content: problemContent() };
}
