/** From what the operator says to what the parts of the sidecar take. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { isPipe } from '../../features/capture/input.ts';
import { loadKey } from '../../features/files/anonymizer-key.ts';
import type { EmitOptions } from '../../features/flow/tracker.ts';
import type { FlowOptions } from '../../features/flow-extractor.ts';
import type { ModelCard } from '../../models/card.ts';
import type { DeskOptions } from '../alerts/alert-desk.ts';
import { readRules } from '../alerts/rules.ts';
import type { BudgetOptions } from '../budget/alert-budget.ts';
import type { SidecarConfig } from '../config/config.ts';
import { readStructured } from '../config/read-config.ts';
import { parsePoolList } from '../evidence/names/pool-list.ts';
import { evidenceFinders } from '../evidence/shipped.ts';
import { type HttpConfig, readHttpSecrets } from '../http/config.ts';
import { Intelligence } from '../intelligence/intelligence.ts';
import type { KeeperOptions } from '../keep/packet-keeper.ts';
import type { Log } from '../log.ts';
import type { SourceConfig } from '../sources/config.ts';
import type { OpenFinders } from './model-holder.ts';

/** A first look after five packets, more of them soon, and then one a minute for as long as the flow lives. */
export const DEFAULT_EMIT = ['end', 'prefix:5', 'prefix:20', 'prefix:60', 'interval:60'] as const;
const DEFAULT_MAX_FLOWS = 200_000;

export function flowOptions({ flows = {}, logins = {} }: SidecarConfig): FlowOptions {
  const { emit = DEFAULT_EMIT, maxFlows = DEFAULT_MAX_FLOWS, ...rest } = flows;
  const { reveal = false, saltFile } = logins;
  const salt = saltFile === undefined ? {} : { salt: loadKey(saltFile).key };
  return { ...rest, maxFlows, emit: emitOptions(emit), logins: { reveal, ...salt } };
}

function emitOptions(kinds: readonly string[]): EmitOptions {
  const prefixes = new Set<number>();
  let intervalUs: number | null = null;
  for (const kind of kinds) {
    const [, name, value] = /^(prefix|interval):(\d+(?:\.\d+)?)$/.exec(kind) ?? [];
    if (name === 'prefix' && Number.isSafeInteger(Number(value)) && Number(value) > 0) prefixes.add(Number(value));
    else if (name === 'interval' && intervalUs === null && Number(value) >= 1e-6) intervalUs = Number(value) * 1e6;
    else if (kind !== 'end') throw wrong(`emit is told ${kind}`, 'end, prefix:N or one interval:SECONDS');
  }
  return {
    end: kinds.includes('end'),
    prefixes: [...prefixes].sort((a, b) => a - b),
    intervalUs,
    areUrgent: true,
  };
}

/** True for packets that come whether or not somebody has time for them: files of a folder wait. */
export function cannotWait(source: SourceConfig): boolean {
  if (source.kind === 'pcap') return source.isLive ?? isPipe(source.path);
  return source.kind !== 'watch' && source.kind !== 'replay';
}

/** True for sources that go on for ever. */
export function isEndless(source: SourceConfig): boolean {
  return source.kind === 'watch' || (source.kind !== 'pcap' && cannotWait(source));
}

/** What rows call the capture. */
export function nameOfSource(source: SourceConfig): string {
  switch (source.kind) {
    case 'interface':
    case 'cap':
      return source.interface;
    case 'pcap':
      return source.path;
    case 'pcap-over-ip':
      return source.address;
    case 'watch':
      return source.folder;
    default:
      return source.inputs.join(' ');
  }
}

export function keeperOptions({ evidence }: SidecarConfig): KeeperOptions | null {
  if (evidence === undefined) return null;
  return evidence.packets === undefined ? {} : { packets: evidence.packets };
}

export function deskOptions({ alerts = {} }: SidecarConfig): DeskOptions {
  const { quietSeconds, minRisk, suppress } = alerts;
  return {
    ...(quietSeconds === undefined ? {} : { quietSeconds }),
    ...(minRisk === undefined ? {} : { minRisk }),
    ...(suppress === undefined ? {} : { rules: readRules(readStructured(suppress, 'list of rules').value, suppress) }),
  };
}

export function budgetOptions({ alerts = {} }: SidecarConfig, card: ModelCard): BudgetOptions {
  const { positive, thresholds, name, version } = card;
  return {
    alertsPerDay: alerts.perDay ?? null,
    cardThreshold: positive === null ? 1 : (thresholds[positive] ?? 1),
    model: `${name}@${version}`,
  };
}

/** @throws FlowlampError for secrets that cannot be read */
export function httpConfig({ http = {} }: SidecarConfig): HttpConfig | null {
  if (http === false) return null;
  const { tokenFile, tokenEnv, certFile, keyFile, caFile, ...rest } = http;
  const places = { tokenFile, tokenEnv, certFile, keyFile, caFile };
  const named = Object.fromEntries(Object.entries(places).filter(([, value]) => value !== undefined));
  return { ...rest, ...readHttpSecrets(named) };
}

/** The sources of evidence, their feeds kept up to date until they are closed. */
export function finderOpener({ feeds = {} }: SidecarConfig, log: Log): OpenFinders {
  const { sources = [], allowLists = [], maxAgeDays, refreshHours, cacheFolder, poolList = true } = feeds;
  return async () => {
    const pools = poolList ? {} : { pools: parsePoolList('') };
    if (sources.length + allowLists.length === 0) return { finders: evidenceFinders(pools), close: () => undefined };
    const intelligence = await Intelligence.open({
      feeds: sources,
      allowLists,
      isRequired: false,
      maxAgeDays: maxAgeDays ?? null,
      ...(refreshHours === undefined ? {} : { refreshHours }),
      ...(cacheFolder === undefined ? {} : { cacheFolder }),
      report: (message, isProblem) => (isProblem ? log.warn({}, message) : log.info({}, message)),
    });
    const schedule = intelligence.schedule();
    schedule.start();
    const finders = [intelligence.finder, ...evidenceFinders({ ...pools, ...intelligence.nameOptions })];
    return { finders, close: () => schedule.stop() };
  };
}

function wrong(happened: string, expected: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action: 'correct the configuration' });
}
