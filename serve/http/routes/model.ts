/** /v1/model: what judges, and how it is replaced. */
import { ErrorCode } from '../../../core/errors.ts';
import type { ModelCard } from '../../../models/card.ts';
import { Media } from '../media.ts';
import { Refusal, withoutPaths } from '../refusal.ts';
import { type Answer, type Call, jsonAnswer, type Route, type Tools } from '../route.ts';
import { MODEL, RELOADED } from '../schemas.ts';
import type { ReloadOutcome, SidecarService } from '../service.ts';

export const SHOW_MODEL: Route = {
  method: 'GET',
  path: '/v1/model',
  name: 'showModel',
  summary: 'The model that judges: its labels and thresholds, what it speaks of, and what it does not know.',
  answers: { 200: { description: 'From its card.', content: { [Media.Json]: MODEL } } },
  handle: (_, { service }) => jsonAnswer(factsOf(cardOf(service.card))),
};

export const RELOAD_MODEL: Route = {
  method: 'POST',
  path: '/v1/model/reload',
  name: 'reloadModel',
  summary: 'Reads the model again from where it lies. Without a token only from the machine itself.',
  answers: { 200: { description: 'The new model judges.', content: { [Media.Json]: RELOADED } } },
  problems: [409],
  handle: reload,
};

function factsOf(card: ModelCard) {
  const { name, version, created, labels, positive, thresholds, inputs, inputsHash, scope, limitations } = card;
  return {
    name,
    version,
    created,
    labels,
    positive,
    thresholds,
    inputs: inputs.length,
    inputs_hash: inputsHash,
    scope: { protocols: scope.protocols, min_payload_packets: scope.minPayloadPackets },
    limitations,
  };
}

function cardOf(card: ModelCard | null): ModelCard {
  if (card !== null) return card;
  throw new Refusal(503, ErrorCode.ModelNotFound, {
    happened: 'no model is loaded',
    expected: 'a model that could be read',
    action: 'see the log of the service',
  });
}

/** Who asks while it is being read gets the same outcome. */
const running = new WeakMap<SidecarService, Promise<ReloadOutcome>>();

async function reload({ request }: Call, { service, access, log }: Tools): Promise<Answer> {
  if (!access.mayOperate(request.socket.remoteAddress)) {
    throw new Refusal(403, ErrorCode.Unsupported, {
      happened: 'the model is reloaded with a token, or from the machine itself',
      expected: 'one of them',
      action: 'give the service a token, or send it SIGHUP',
    });
  }
  const reloading = running.get(service) ?? service.reload().finally(() => running.delete(service));
  running.set(service, reloading);
  const outcome = await reloading;
  if (outcome.isReplaced) {
    log.info({ before: outcome.before, after: outcome.after }, 'the model was reloaded');
    return jsonAnswer({ before: outcome.before, after: outcome.after });
  }
  log.warn({ code: outcome.code, reason: outcome.reason }, 'the model was not reloaded');
  throw new Refusal(409, outcome.code, {
    happened: `the new model is not used: ${withoutPaths(outcome.reason)}`,
    expected: 'a model that passes its check',
    action: outcome.kept === null ? 'correct it' : `correct it; ${outcome.kept} goes on judging`,
  });
}
