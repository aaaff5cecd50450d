/** The records that docs/outputs.md shows; that they are what the program writes is checked with all other output. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOST_LIMITS } from '../../serve/hosts/limits.ts';
import { hostTable } from '../../serve/hosts/snapshot.ts';
import { ecsFaults } from '../serve/records/ecs-fields.ts';
import { eveFaults } from '../serve/records/eve-rules.ts';
import { miningModel } from '../support/scored-rows.ts';

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const records = [...read('outputs.md').matchAll(/^<!-- \$ node .* -f (\w+) .* -->\n```json\n([\s\S]*?)```/gm)].map(
  ([, format, text]) => ({ format, record: JSON.parse(text!) }),
);

test('there is an example of EVE and one of ECS, and both keep to their schemas', () => {
  expect(records.map(({ format }) => format)).toEqual(['eve', 'ecs']);
  const [eve, ecs] = records.map(({ record }) => record);
  expect(eve.event_type).toBe('alert');
  expect(eveFaults(eve)).toEqual([]);
  expect(ecs.event.kind).toBe('alert');
  expect(ecsFaults(ecs)).toEqual([]);
});

test('every column of hosts is explained, and its bounds are those of the program', () => {
  const page = read('hosts.md');
  const { specs } = hostTable([], miningModel, () => 0);
  const names = specs.map(({ name }) => name.replace(/^verdict_.*/, 'verdict_LABEL'));
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  const { clients, pairs, servers, ports, names: shown, findings, runs } = HOST_LIMITS;
  expect(page).toContain(`${clients.toLocaleString('en')} clients and ${pairs.toLocaleString('en')} pairs are held`);
  expect(page).toContain(`${servers} stands for ${servers} or more`);
  expect(page).toContain(`the first ${ports} ports of servers and the first ${shown} names`);
  expect(page).toContain(`up to ${findings} findings`);
  expect(page).toContain(`${runs} runs of hours`);
});
