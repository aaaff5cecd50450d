/** Problem documents say what happened, and nothing of this machine. */
import { expect, test } from 'vitest';
import { ErrorCode, FlowlampError } from '../../../core/errors.ts';
import { problemOf, Refusal, withoutPaths } from '../../../serve/http/refusal.ts';

const words = { happened: '/srv/models/mine/card.json: labels is 5', expected: 'a list', action: 'correct it' };

test.each([
  ['/srv/models/mine/card.json: labels is 5', 'card.json: labels is 5'],
  ['models/mine/model.onnx is missing', 'model.onnx is missing'],
  ['../mine/model.onnx is missing', 'model.onnx is missing'],
  ['C:\\models\\mine\\card.json is damaged', 'card.json is damaged'],
  ["cannot read '/var/lib/x/y.bin' (EACCES)", "cannot read 'y.bin' (EACCES)"],
  ['the body has no column fwd_packets', 'the body has no column fwd_packets'],
  ['the model mining@0.1.0, 180 packets/s', 'the model mining@0.1.0, 180 packets/s'],
])('%s', (text, shown) => {
  expect(withoutPaths(text)).toBe(shown);
});

test.each([
  [ErrorCode.NotACapture, 400],
  [ErrorCode.NotATable, 400],
  [ErrorCode.SchemaMismatch, 400],
  [ErrorCode.ModelInvalid, 503],
  [ErrorCode.OutputUnwritable, 503],
])('%s is answered with %i', (code, status) => {
  const problem = problemOf('id', new FlowlampError(code, words));
  expect(problem).toMatchObject({ status, document: { status, code, instance: 'urn:uuid:id' } });
  expect(JSON.stringify(problem)).not.toContain('/srv');
});

test('a refusal has its own status and headers', () => {
  const refusal = new Refusal(429, ErrorCode.LimitExceeded, words, { 'retry-after': '1' });
  expect(problemOf('id', refusal)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
});

test('of a mistake of ours nothing is told', () => {
  for (const error of [
    new Error('/secret/path'),
    'text',
    null,
    { statusCode: 418 },
    { code: 'ENOENT', statusCode: 404 },
  ]) {
    const { status, document } = problemOf('id', error ?? new Error());
    expect(status).toBe(500);
    expect(document).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      instance: 'urn:uuid:id',
      code: 'INTERNAL',
    });
  }
});

test('errors of the HTTP library keep their status, not their words', () => {
  const error = Object.assign(new Error('/secret/path'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 });
  const problem = problemOf('id', error);
  expect(problem.status).toBe(415);
  expect(JSON.stringify(problem)).not.toContain('secret');
});
