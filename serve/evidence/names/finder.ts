/** Evidence of names: pools, mining words, look-alikes, generated names, names that do not fit. It never proves. */
import type { Finding, Table } from '../../../core/table.ts';
import type { NameJudge } from '../../../models/names/ngram.ts';
import { safeText } from '../safe-text.ts';
import { type EvidenceFinder, EvidenceSource } from '../source.ts';
import { bounded, MOST_WEIGHT, NO_FINDINGS, strongestFirst } from '../weights.ts';
import { certificateMisfit, tunnelMisfit } from './fit.ts';
import { type NameJudgement, NameJudgements } from './judgement.ts';
import type { PoolList } from './pool-list.ts';

/** Weights; natural logarithms of likelihood ratios, chosen, not measured: docs/evidence.md. */
const POOL_HOST = 2.5;
const POOL_HOST_ON_WEB_PORT = 1.8;
const POOL_APEX_ON_WEB_PORT = 0.8;
const POOL_WEB_SITE = 0.3;
const GENERATED = 0.6;
const MISFIT = 0.3;
/** A look-up of a name is no session with its host. */
const LOOKED_UP_SHARE = 0.3;
/** What a web site about mining is called says less than what a host of another kind is called. */
const WEB_SITE_SHARE = 0.4;

const WEB_PORTS = new Set([80, 443, 8080, 8443]);
const WEB_HOSTS = new Set(
  'www www2 m web api app apps blog docs doc help support status cdn static assets img images media news forum forums community shop store account accounts auth login sso mail email smtp imap mx ns1 ns2 dashboard wiki explorer download downloads update updates faq careers jobs analytics stats'.split(
    ' ',
  ),
);

interface NameColumn {
  readonly name: string;
  readonly says: string;
  readonly share: number;
}

/** Where names stand, and how much of a name's weight each place gives. */
const COLUMNS: readonly NameColumn[] = [
  { name: 'sni', says: 'server name', share: 1 },
  { name: 'http_connect_target', says: 'host that a proxy was asked for', share: 1 },
  { name: 'http_host', says: 'host of the HTTP request', share: 1 },
  { name: 'dns_name', says: 'name that the client had looked up', share: 0.9 },
  { name: 'cert_subject_cn', says: 'name in the certificate', share: 0.8 },
  { name: 'dns_query', says: 'name looked up', share: LOOKED_UP_SHARE },
];

/**
 * Lists of names. Their words and letters say nothing of the server: certificates of content networks are for dozens of
 * sites, and answers lead over names of machines.
 */
const LIST_COLUMNS: readonly NameColumn[] = [
  { name: 'cert_dns_names', says: 'name in the certificate', share: 0.8 },
  { name: 'dns_answers', says: 'name in the answer', share: LOOKED_UP_SHARE },
];

/** What names are compared with. */
export interface NameKnowledge {
  readonly pools: PoolList;
  /** Tells names that a program made up. */
  readonly judge: NameJudge;
  /** Names that nothing is to be said of: the allow-list. */
  readonly isAllowed?: (name: string) => boolean;
}

export class NameFinder implements EvidenceFinder {
  readonly source = EvidenceSource.Names;
  readonly #pools: PoolList;
  readonly #judgements: NameJudgements;

  constructor({ pools, judge, isAllowed = () => false }: NameKnowledge) {
    this.#pools = pools;
    this.#judgements = new NameJudgements(pools, judge, isAllowed);
  }

  find(table: Table, row: number): readonly Finding[] {
    let best: Map<string, Finding> | null = null;
    for (const place of COLUMNS) {
      const column = table.columns.get(place.name);
      const judgement = column?.type === 'utf8' ? this.#judgements.at(column, row) : null;
      if (judgement === null) continue;
      best ??= new Map();
      keepHeavier(best, this.#said(judgement, place, portOf(table, row)));
    }
    for (const place of LIST_COLUMNS) {
      const column = table.columns.get(place.name);
      if (column?.type !== 'list_utf8' || column.valid[row] === 0) continue;
      for (const judgement of this.#judgements.allAt(column, row)) {
        best ??= new Map();
        keepHeavier(best, this.#saidOfPool(judgement, place, portOf(table, row)));
      }
    }
    const misfit = certificateMisfit(table, row) ?? tunnelMisfit(table, row);
    if (best === null && misfit === null) return NO_FINDINGS;
    const findings = [...(best?.values() ?? [])];
    if (misfit !== null) findings.push(this.#finding(`The server name does not fit its server: ${misfit}.`, MISFIT));
    return bounded(strongestFirst(findings), MOST_WEIGHT.names);
  }

  /** The findings of one name by kind; that it is a pool's says all that words and likeness could. */
  *#said(judgement: NameJudgement, place: NameColumn, port: number): Generator<[string, Finding]> {
    yield* this.#saidOfPool(judgement, place, port);
    const { host, pool, words, generated } = judgement;
    if (pool !== null) return;
    const name = nameIn(place, judgement);
    if (words !== null) {
      const isWeb = WEB_PORTS.has(port) && isWebHost(host.subdomain);
      const sentence = `${name} has the mining words ${words.words.join(', ')}.`;
      yield ['words', this.#finding(sentence, words.weight * place.share * (isWeb ? WEB_SITE_SHARE : 1))];
    }
    if (generated > 0) {
      const sentence = `${name} looks made up by a program (${percent(generated)}).`;
      yield ['generated', this.#finding(sentence, GENERATED * place.share)];
    }
  }

  *#saidOfPool(judgement: NameJudgement, place: NameColumn, port: number): Generator<[string, Finding]> {
    const { host, pool, lookAlike } = judgement;
    const name = nameIn(place, judgement);
    if (pool !== null) {
      const isWeb = WEB_PORTS.has(port) && isWebHost(host.subdomain);
      const what = isWeb ? 'is of the web site of the mining pool' : 'is a host of the mining pool';
      const sentence = `${name} ${what} ${pool} (list of ${this.#pools.date}).`;
      yield ['pool', this.#finding(sentence, poolWeight(host.subdomain, port) * place.share)];
    } else if (lookAlike !== null) {
      const sentence = `${name} looks like the mining pool ${lookAlike.pool}: ${lookAlike.how}.`;
      yield ['pool', this.#finding(sentence, lookAlike.weight * place.share)];
    }
  }

  #finding(finding: string, weight: number): Finding {
    return { source: this.source, finding, weight };
  }
}

function keepHeavier(best: Map<string, Finding>, findings: Iterable<[string, Finding]>): void {
  for (const [kind, finding] of findings) if (finding.weight > (best.get(kind)?.weight ?? 0)) best.set(kind, finding);
}

function nameIn({ says }: NameColumn, { host }: NameJudgement): string {
  return `The ${says} ${safeText(host.name)}`;
}

function poolWeight(subdomain: string, port: number): number {
  if (!WEB_PORTS.has(port)) return POOL_HOST;
  if (subdomain === '') return POOL_APEX_ON_WEB_PORT;
  return isWebHost(subdomain) ? POOL_WEB_SITE : POOL_HOST_ON_WEB_PORT;
}

function isWebHost(subdomain: string): boolean {
  return subdomain === '' || WEB_HOSTS.has(subdomain.split('.').at(-1)!);
}

/** The responder's port; 0 where the table has none. */
function portOf(table: Table, row: number): number {
  const column = table.columns.get('dst_port');
  return column?.type === 'uint16' ? column.values[row]! : 0;
}

function percent(probability: number): string {
  return `${(probability * 100).toFixed(probability > 0.995 ? 1 : 0)} %`;
}
