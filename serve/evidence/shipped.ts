/** The evidence that ships with the package: its list of pools, its model of names, and the finders made of them. */
import { readFileSync } from 'node:fs';
import { packagePath } from '../../features/files/package-files.ts';
import { NameJudge, type NameModel } from '../../models/names/ngram.ts';
import { standingFinders } from './finders.ts';
import type { NameKnowledge } from './names/finder.ts';
import { type PoolList, parsePoolList } from './names/pool-list.ts';
import type { EvidenceFinder } from './source.ts';

export function shippedPoolList(): PoolList {
  return parsePoolList(readFileSync(packagePath('serve', 'lists', 'pools.txt'), 'utf8'));
}

export function shippedNameJudge(): NameJudge {
  const text = readFileSync(packagePath('models', 'names', 'host-names.json'), 'utf8');
  return new NameJudge(JSON.parse(text) as NameModel);
}

/** What names are compared with, unless told otherwise. */
export function shippedNames(): NameKnowledge {
  return { pools: shippedPoolList(), judge: shippedNameJudge() };
}

/** Finders of a run of their own. @param names over what ships */
export function evidenceFinders(names: Partial<NameKnowledge> = {}): EvidenceFinder[] {
  return standingFinders({ ...shippedNames(), ...names });
}
