/**
 * Writes what the documentation takes from the program: docs/features.md from the feature table, docs/serve.schema.json, the columns of
 * other flow meters in docs/migrating.md, the output under each `$ node dist/...` line of a ```console block, the JSON under such a line in a
 * comment, and sessions (docs-session.mjs). `--check` writes nothing and exits 1 where something is stale.
 * Reads dist/, so build first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maskTimes, withSession } from './docs-session.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const COMMAND = '$ node dist/';

if (!existsSync(join(root, 'dist/index.js'))) {
  console.error('docs: dist/index.js is missing; run `npm run setup` first');
  process.exit(1);
}
const { COLUMNS } = await import('../dist/index.js');
const { configDocument } = await import('../dist/serve/config/schema.js');
const { PEER_SCHEMAS } = await import('../dist/features/rows/peers/schemas.js');
const { CICIDS2017_NAMES } = await import('../dist/features/rows/peers/cicflowmeter.js');

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md') && name !== 'docs/features.md',
);
const stale = [
  ['docs/features.md', () => featuresPage(COLUMNS)],
  ['docs/serve.schema.json', () => jsonFile(configDocument())],
  ...pages.map((name) => [name, (old) => withPeerColumns(withRecords(withOutputs(old)))]),
  // test/docs/sessions.test.ts checks these, each by itself.
  ...(check ? [] : pages.map((name) => [name, (old) => withSession(old, root)])),
].filter(([name, make]) => !settle(name, make));
process.exitCode = check && stale.length > 0 ? 1 : 0;

/** Brings a page up to date, or under --check says where it is not. Returns whether it was. */
function settle(name, make) {
  const path = join(root, name);
  const old = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const fresh = make(old);
  if (maskTimes(fresh) === maskTimes(old)) return true;
  if (check) console.error(`${name} is stale; run \`node scripts/docs.mjs\`\n${firstDifference(old, fresh)}`);
  else {
    writeFileSync(path, fresh);
    console.log(`wrote ${name}`);
  }
  return false;
}

function firstDifference(old, fresh) {
  const [was, is] = [old, fresh].map((text) => text.split('\n'));
  const at = is.findIndex((line, i) => maskTimes(line) !== maskTimes(was[i] ?? ''));
  return `  line ${at + 1} is:        ${was[at] ?? ''}\n  and should be: ${is[at] ?? '(nothing)'}`;
}

/** The page with the output of every command as it is now, standard error included. */
function withOutputs(page) {
  return page.replace(/```console\n([\s\S]*?)```/g, (block, body) => {
    const lines = body.split('\n');
    const shown = lines.filter((line) => line.startsWith('$ '));
    if (!shown.every((line) => line.startsWith(COMMAND))) return block;
    return `\`\`\`console\n${shown.map((line) => `${line}\n${outputOf(line.slice(2))}`).join('')}\`\`\``;
  });
}

/** The page with the JSON that each command in a comment writes, one record a block, as it is now. */
function withRecords(page) {
  return page.replace(/<!-- \$ (node dist\/.*) -->\n```json\n[\s\S]*?```/g, (_, command) => {
    const record = JSON.stringify(JSON.parse(outputOf(command)), null, 2);
    return `<!-- $ ${command} -->\n\`\`\`json\n${record}\n\`\`\``;
  });
}

/** The page with the columns of each flow meter that it has a place for. */
function withPeerColumns(page) {
  return page.replace(
    /<!-- columns of (\w+) -->\n[\s\S]*?<!-- end of columns -->/g,
    (_, name) => `<!-- columns of ${name} -->\n\n${peerTable(name)}\n\n<!-- end of columns -->`,
  );
}

function peerTable(name) {
  const { tool, columns } = PEER_SCHEMAS.find((schema) => schema.name === name);
  const older = name === 'cicflowmeter' ? ['in CICIDS2017'] : [];
  const heads = [tool, 'unit', ...older, 'made of', 'difference'];
  const cells = columns.map((column) => [
    `\`${column.name}\``,
    column.type === 'timestamp_ns' ? 'time' : column.unit,
    ...older.map(() => (Object.hasOwn(CICIDS2017_NAMES, column.name) ? `\`${CICIDS2017_NAMES[column.name]}\`` : '')),
    column.from.map((source) => `\`${source}\``).join(' '),
    column.difference,
  ]);
  return markdownTable(heads, cells);
}

function outputOf(command) {
  const env = { ...process.env, FORCE_COLOR: '0' };
  const { status, stdout, error } = spawnSync('sh', ['-c', `{ ${command}\n} 2>&1`], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  if (error === undefined && status === 0) return stdout.replace(/ +$/gm, '');
  throw new Error(`${command} failed: ${error?.message ?? stdout}`);
}

/** As the formatter of this repository has it: lists of texts stand on one line where there is room. */
function jsonFile(value) {
  const text = JSON.stringify(value, null, 2).replace(
    /^( *)(.*)\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\](,?)$/gm,
    (whole, indent, before, items, comma) => {
      const line = `${indent}${before}[${items.replace(/,\s+/g, ', ')}]${comma}`;
      return line.length <= 120 ? line : whole;
    },
  );
  return `${text}\n`;
}

function featuresPage(features) {
  const groups = groupsOf(features);
  const inputs = features.filter(({ input }) => input).length;
  const onRequest = features.filter((feature) => feature.onRequest).length;
  const more = onRequest === 0 ? '' : `, and ${onRequest} more if they are\nnamed with \`--columns\``;
  const sections = [...groups].map(([group, rows]) => `## ${group}\n\n${tableOf(rows)}`);
  return `# Columns of a flow row

Generated by \`node scripts/docs.mjs\` from the feature table (\`features/vector/schema.ts\`). Do not edit it here.

A row has ${features.length - onRequest} columns, in this order and with these names in every format${more}. A model may read
${inputs} of them.
Identities (addresses, ports, names, absolute times) are never model inputs: they tell where, not what.
\`us\` is microseconds. A message is a packet with payload that was not seen before: retransmissions and keep-alives are none.
**May leak** says why a column may tell how or where a capture was made rather than what a flow is: a model that is trained on
captures of several origins can learn those from it. What a flow is, and when it ends, is in [flows.md](flows.md).

${sections.join('\n\n')}
`;
}

function groupsOf(features) {
  const groups = new Map();
  for (const feature of features) groups.set(feature.group, [...(groups.get(feature.group) ?? []), feature]);
  return groups;
}

function tableOf(rows) {
  const heads = ['name', 'type', 'unit', 'model input', 'meaning', 'null when'];
  const cells = rows.map(({ name, type, unit, input, onRequest, doc, nulls, leaks }) => [
    `\`${name}\``,
    `\`${type}\``,
    unit,
    input ? 'yes' : 'no',
    [doc, ...(onRequest ? ['Only if named.'] : []), ...(leaks === '' ? [] : [`**May leak:** ${leaks}`])].join(' '),
    nulls === '' ? 'never' : nulls,
  ]);
  return markdownTable(heads, cells);
}

function markdownTable(heads, cells) {
  const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...cells.map(line)].join('\n');
}
