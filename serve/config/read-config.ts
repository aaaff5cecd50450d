/** Reads a configuration file: every mistake is said with the line on which it stands. */
import { readFileSync, statSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { firstMistake, type Schema } from '../../core/json-schema.ts';
import { unreadable } from '../../features/capture/input.ts';
import { type Parsed, parseStructured } from '../../features/files/structured-text.ts';
import { checkSinkConfig, forSink } from '../sinks/check-config.ts';
import type { HttpSettings, SidecarConfig } from './config.ts';
import { SIDECAR_SCHEMA, sourceSchema } from './schema.ts';

const MOST_BYTES = 1024 * 1024;

/**
 * @param path JSON, or YAML where it ends in .yaml or .yml
 * @throws FlowlampError FILE_NOT_FOUND, FILE_UNREADABLE, OPTION_INVALID
 */
export function readConfig(path: string): SidecarConfig {
  const { value, lineOf } = readStructured(path, 'configuration');
  const mistake = firstMistake(SIDECAR_SCHEMA, value, 'the configuration') ?? firstMistake(sourceIn(value), value);
  if (mistake !== null) {
    const line = lineOf(mistake.place);
    throw wrong(`${path}${line === null ? '' : `, line ${line}`}: ${mistake.happened}`, mistake.expected);
  }
  for (const [i, sink] of ((value as SidecarConfig).sinks ?? []).entries()) {
    const line = lineOf(['sinks', i]);
    forSink(`${path}${line === null ? '' : `, line ${line}`}: sinks[${i}]`, () => checkSinkConfig(sink));
  }
  const { http, ...rest } = value as Omit<SidecarConfig, 'http'> & {
    readonly http?: HttpSettings & { readonly enabled?: boolean };
  };
  if (http === undefined) return rest;
  const { enabled = true, ...settings } = http;
  return { ...rest, http: enabled ? settings : false };
}

/** What must hold of the source of a configuration that is right otherwise. */
function sourceIn(value: unknown): Schema {
  return { type: 'object', properties: { source: sourceSchema((value as SidecarConfig).source.kind) } };
}

/** A file of JSON or YAML. @throws FlowlampError as `readConfig` */
export function readStructured(path: string, name: string): Parsed {
  let text: string;
  try {
    if (statSync(path).size > MOST_BYTES) throw wrong(`${path} has more than ${MOST_BYTES} bytes`, `a ${name}`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw cause instanceof FlowlampError ? cause : unreadable(path, cause);
  }
  return parseStructured(path, text, name, (what, expected) => wrong(`${path} is no ${name}: ${what}`, expected));
}

function wrong(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action: 'correct the file (docs/serve.md)' });
}
