/** What the sidecar tells of itself: lines of JSON, by the optional package pino. Never tokens, never payload. */
import type { DestinationStream, LoggerOptions } from 'pino';
import { type Importer, loadOptional } from './optional-package.ts';

/** Facts of a line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What is used of a logger; one of pino is one. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** For those who want to hear nothing. */
export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Names under which nothing is ever shown, one level deep, too: whoever logs an object by mistake gives no secret away. */
const SECRET = ['authorization', 'token', 'password', 'secret', 'key', 'cookie', 'headers', 'body', 'payload'];

type Pino = (options: LoggerOptions, destination?: DestinationStream) => Log;

/**
 * @param destination where the lines go; standard error by default, for data goes to standard output
 * @throws FlowlampError UNSUPPORTED where pino is not installed
 */
export async function openLog(
  level: LogLevel = 'info',
  destination: DestinationStream = { write: (line) => void process.stderr.write(line) },
  load?: Importer,
): Promise<Log> {
  const pino = await loadOptional<Pino>('pino', 'the log', load);
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET.flatMap((name) => [name, `*.${name}`]), censor: '[not shown]' },
    },
    destination,
  );
}
