/** Options that hand feeds of indicators to a command. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parsePoolList } from '../serve/evidence/names/pool-list.ts';
import { evidenceFinders } from '../serve/evidence/shipped.ts';
import type { EvidenceFinder } from '../serve/evidence/source.ts';
import { Intelligence } from '../serve/intelligence/intelligence.ts';
import { DEFAULT_REFRESH_HOURS } from '../serve/intelligence/schedule.ts';
import type { Console } from './console.ts';

export interface IntelligenceOptions {
  readonly feed?: string[];
  readonly allowList?: string[];
  readonly feedMaxAge?: number;
  readonly feedCache?: string;
  readonly feedRefresh?: number;
  /** False to leave out the list that ships. */
  readonly poolList?: boolean;
}

/** Adds --feed, --allow-list, --feed-max-age, --feed-cache, --feed-refresh and --no-pool-list. */
export function addIntelligenceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--feed <file-or-url>',
        'indicators: a list, STIX 2.1, MISP or JSON; repeatable; none by default (docs/intelligence.md)',
      ).argParser(oneMore),
    )
    .addOption(
      new Option(
        '--allow-list <file>',
        'names, addresses and fingerprints that are never evidence; repeatable',
      ).argParser(oneMore),
    )
    .addOption(
      new Option('--feed-max-age <days>', 'leave out indicators last seen longer than this before the flow').argParser(
        days,
      ),
    )
    .addOption(
      new Option('--feed-refresh <hours>', 'ask a URL again after this long, below 24')
        .argParser(hours)
        .default(DEFAULT_REFRESH_HOURS),
    )
    .option(
      '--feed-cache <folder>',
      'where the last good copies lie (default: flowlamp/feeds in the cache folder of the user)',
    )
    .option('--no-pool-list', 'without the list of public pools that ships');
}

/** What the options open: the finders of names, feeds, certificates and fingerprints. */
export interface OpenIntelligence {
  readonly finders: readonly EvidenceFinder[];
  /** Null where no feed and no allow-list was named. */
  readonly intelligence: Intelligence | null;
}

/**
 * Loads the feeds and makes the finders; certificates remember what they saw, so each run has finders of its own.
 *
 * @throws FlowlampError FEED_UNREADABLE, FEED_REFUSED, LIMIT_EXCEEDED or OPTION_INVALID
 */
export async function openIntelligence(options: IntelligenceOptions, out: Console): Promise<OpenIntelligence> {
  const { feed: feeds = [], allowList: allowLists = [], feedMaxAge, feedCache } = options;
  const { feedRefresh = DEFAULT_REFRESH_HOURS, poolList = true } = options;
  const isNamed = feeds.length + allowLists.length > 0;
  const intelligence = isNamed
    ? await Intelligence.open({
        feeds,
        allowLists,
        maxAgeDays: feedMaxAge ?? null,
        refreshHours: feedRefresh,
        ...(feedCache === undefined ? {} : { cacheFolder: feedCache }),
        report: (message, isProblem) => (isProblem ? out.warn(message) : out.say(message)),
      })
    : null;
  const pools = poolList ? {} : { pools: parsePoolList('') };
  const standing = evidenceFinders({ ...pools, ...intelligence?.nameOptions });
  return { finders: intelligence === null ? standing : [intelligence.finder, ...standing], intelligence };
}

function oneMore(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function days(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || value > 36_500)
    throw new InvalidArgumentError('expected a number of days above 0.');
  return value;
}

function hours(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 24))
    throw new InvalidArgumentError('expected hours above 0 and below 24.');
  return value;
}
