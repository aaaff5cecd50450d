/** Feeds and the allow-list together: opened at the start, looked up by a finder, refreshed by a schedule. */
import { readFileSync } from 'node:fs';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { packagePath } from '../../features/files/package-files.ts';
import type { NameKnowledge } from '../evidence/names/finder.ts';
import { enclosing } from '../evidence/names/host.ts';
import { Feed, type FeedOutcome, type FeedParts } from './feed.ts';
import type { FeedCounts } from './feed-builder.ts';
import { defaultFeedFolder, FeedCache } from './feed-cache.ts';
import type { FetchOptions } from './fetch-feed.ts';
import { IntelligenceFinder } from './finder.ts';
import { ALLOW_LIST } from './indicator.ts';
import type { IndicatorTable } from './indicator-table.ts';
import { FEED_LIMITS } from './limits.ts';
import { type Clock, DEFAULT_REFRESH_HOURS, FeedSchedule, refreshInterval, systemClock } from './schedule.ts';

export interface IntelligenceSettings {
  /** Files and URLs; none by default. */
  readonly feeds: readonly string[];
  /** Files of the same forms: what is in them is never a finding. */
  readonly allowLists?: readonly string[];
  readonly maxAgeDays?: number | null;
  readonly refreshHours?: number;
  /** Folder of the last good copies; null keeps none. */
  readonly cacheFolder?: string | null;
  readonly clock?: Clock;
  readonly fetchOptions?: FetchOptions;
  /** Told of each attempt, in words. */
  readonly report?: (message: string, isProblem: boolean) => void;
  /** Whether a feed that cannot be used at all stops the program, as for a single run, or is tried again later. */
  readonly isRequired?: boolean;
}

export class Intelligence {
  readonly feeds: readonly Feed[];
  readonly finder: IntelligenceFinder;
  readonly #allowed: readonly IndicatorTable[];
  readonly #settings: IntelligenceSettings;
  readonly #clock: Clock;

  private constructor(feeds: readonly Feed[], allowed: readonly IndicatorTable[], settings: IntelligenceSettings) {
    this.feeds = feeds;
    this.#allowed = allowed;
    this.#settings = settings;
    this.#clock = settings.clock ?? systemClock;
    this.finder = new IntelligenceFinder(feeds, { maxAgeDays: settings.maxAgeDays ?? null, allowed });
  }

  /** @throws FlowlampError FEED_UNREADABLE, FEED_REFUSED or OPTION_INVALID */
  static async open(settings: IntelligenceSettings): Promise<Intelligence> {
    const { cacheFolder = defaultFeedFolder(), clock = systemClock, fetchOptions = {} } = settings;
    const sources = [...new Set(settings.feeds)];
    if (sources.length > FEED_LIMITS.feeds) throw tooMany(sources.length);
    const parts = {
      cache: cacheFolder === null ? null : new FeedCache(cacheFolder),
      now: () => clock.now(),
      freshMs: refreshInterval(settings.refreshHours ?? DEFAULT_REFRESH_HOURS),
      fetchOptions,
    };
    const popular = sources.length === 0 ? new Set<string>() : popularDomains();
    const policy = { popular, isGuarded: true };
    const feeds = sources.map((source) => new Feed(source, { ...parts, policy }));
    const intelligence = new Intelligence(feeds, await allowListsOf(settings, parts), settings);
    // One after the other: each may take some hundred MB while it is read.
    for (const feed of feeds) intelligence.#told(feed, await feed.open(), settings.isRequired ?? true);
    return intelligence;
  }

  /** For the finder of names: what is allowed is no pool and looks like none. */
  readonly nameOptions: Pick<NameKnowledge, 'isAllowed'> = {
    isAllowed: (name) => {
      if (this.#allowed.length === 0) return false;
      return [...enclosing(name)].some((part) => this.#allowed.some((list) => list.find('domain', part) !== null));
    },
  };

  /** Keeps the feeds up to date from now on; not started. */
  schedule(): FeedSchedule {
    const ms = refreshInterval(this.#settings.refreshHours ?? DEFAULT_REFRESH_HOURS);
    return new FeedSchedule(this.feeds, ms, this.#clock, (feed, outcome) => this.#told(feed, outcome, false));
  }

  #told(feed: Feed, outcome: FeedOutcome, isRequired: boolean): void {
    const report = this.#settings.report ?? (() => undefined);
    if (outcome.kind === 'loaded')
      report(countsLine(`feed ${feed.name}`, outcome.counts), outcome.counts.kept < outcome.counts.rows);
    if (outcome.kind === 'unchanged' && feed.table !== null && feed.fetchedAt !== null) {
      const asOf = new Date(feed.fetchedAt).toISOString();
      report(`the feed ${feed.name}: ${feed.table.count.toLocaleString('en-US')} indicators as of ${asOf}`, false);
    }
    if (outcome.kind !== 'failed') return;
    if (isRequired && !outcome.isServing) throw failed(feed.name, outcome.reason, outcome.isRefused);
    const instead = outcome.isServing ? 'the last good copy is used' : 'it is tried again';
    report(`the feed ${feed.name} ${outcome.reason}; ${instead}`, true);
  }
}

/** `the feed NAME: 120 of 130 rows kept, 10 not understood` */
function countsLine(name: string, { rows, kept, withdrawn, refused }: FeedCounts): string {
  const others = [...Object.entries(refused), ['withdrawn by the feed', withdrawn] as const];
  const said = others
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `, ${count.toLocaleString('en-US')} ${why}`);
  return `the ${name}: ${kept.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows kept${said.join('')}`;
}

/** Allow-lists are the user's own: whatever is wrong with one is said at once. */
async function allowListsOf(
  { allowLists = [], report = () => undefined }: IntelligenceSettings,
  parts: Omit<FeedParts, 'policy'>,
): Promise<readonly IndicatorTable[]> {
  const tables: IndicatorTable[] = [];
  for (const source of new Set(allowLists)) {
    const list = new Feed(source, { ...parts, policy: ALLOW_LIST });
    const outcome = await list.open();
    if (outcome.kind === 'failed') throw failed(list.name, outcome.reason, outcome.isRefused, 'allow-list');
    if (outcome.kind === 'loaded' && outcome.counts.kept < outcome.counts.rows) {
      report(countsLine(`allow-list ${list.name}`, outcome.counts), true);
    }
    if (list.table !== null) tables.push(list.table);
  }
  return tables;
}

function popularDomains(): ReadonlySet<string> {
  const text = readFileSync(packagePath('serve', 'lists', 'popular.txt'), 'utf8');
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return new Set(lines.flatMap((line) => line.split(/\s+/)).filter((name) => name !== ''));
}

function failed(name: string, reason: string, isRefused: boolean, what = 'feed'): FlowlampError {
  return new FlowlampError(isRefused ? ErrorCode.FeedRefused : ErrorCode.FeedUnreadable, {
    happened: `the ${what} ${name} ${reason}`,
    expected: isRefused
      ? 'a list, a STIX 2.1 bundle, a MISP feed or indicators in JSON, within the bounds of docs/intelligence.md'
      : 'a file, or an address beginning with http:// or https://, that can be read',
    action: isRefused ? 'look at the feed before it is used' : 'check its path or address',
  });
}

function tooMany(count: number): FlowlampError {
  return new FlowlampError(ErrorCode.LimitExceeded, {
    happened: `${count} feeds are too many`,
    expected: `at most ${FEED_LIMITS.feeds}`,
    action: 'join some of them to one list',
  });
}
