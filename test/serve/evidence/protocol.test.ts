/** What an analyst is told of mining that was read in the clear, and what it weighs. */
import { describe, expect, test } from 'vitest';
import { createTable, type ScalarColumn } from '../../../core/table.ts';
import { appendText, type TextColumn } from '../../../core/text-column.ts';
import { COLUMNS } from '../../../features/vector/schema.ts';
import { PROTOCOL_WEIGHTS, protocolEvidence } from '../../../serve/evidence/protocol.ts';

const SESSION = {
  mining_dialect: 'stratum-v1',
  mining_proven: true,
  mining_login: '9f3a41d2c07b',
  mining_agent: 'cgminer/4.10.0',
  mining_login_length: 34,
  mining_authorisations: 1,
  mining_authorised: 1,
  mining_submissions: 46,
  mining_submissions_per_hour: 153.3,
  mining_accepted: 45,
  mining_rejected: 1,
  mining_jobs: 12,
  mining_miner_messages: 48,
  mining_pool_messages: 60,
  duration_us: 18 * 60e6,
} as const;

type Cells = Readonly<Record<string, string | number | boolean | undefined>>;

/** Findings about a row with these cells, the others null. */
function findings(cells: Cells) {
  const names = ['mining_dialect', ...Object.keys(cells)];
  const table = createTable(
    COLUMNS.filter(({ name }) => names.includes(name)),
    1,
  );
  table.length = 1;
  for (const [name, value] of Object.entries(cells)) {
    const column = table.columns.get(name)!;
    if (typeof value === 'string') appendText(column as TextColumn, 0, value);
    else if (value !== undefined) {
      (column as ScalarColumn<'float64'>).values[0] = Number(value);
      (column as ScalarColumn<'float64'>).valid[0] = 1;
    }
  }
  return protocolEvidence.find(table, 0);
}

describe('a flow with mining', () => {
  test('of both sides is proof, told with who, what, how much and how fast', () => {
    expect(findings(SESSION)).toEqual([
      {
        source: 'protocol',
        finding:
          'Stratum v1: authorised as 9f3a41d2c07b, agent cgminer/4.10.0, 46 shares submitted (45 accepted, 1 refused) in 18 min, 153 an hour.',
        weight: 12,
      },
    ]);
  });

  test.each<[string, Cells, string]>([
    [
      'its worker, algorithm and pool',
      { mining_worker: 'rig1', mining_algorithm: 'rx/0', mining_pool: 'p.example:1' },
      'authorised as 9f3a41d2c07b, worker rig1, agent cgminer/4.10.0, algorithm rx/0, pool p.example:1',
    ],
    [
      'no rate where there is none',
      { duration_us: 59e6, mining_submissions_per_hour: undefined },
      '1 refused) in 59 s.',
    ],
    ['a login that nobody accepted', { mining_authorised: 0 }, 'login 9f3a41d2c07b'],
    ['work without a share', { mining_submissions: 0 }, '12 jobs received, no share yet.'],
    ['a part without a message', { mining_submissions: 0, mining_jobs: 0 }, 'no work in this part.'],
    [
      'one share',
      { mining_submissions: 1, mining_submissions_per_hour: 3.33, mining_accepted: 1, mining_rejected: 0 },
      '1 share submitted (1 accepted) in 18 min, 3.3 an hour.',
    ],
    ['a dialect that it does not know', { mining_dialect: 'constructor' }, 'constructor: authorised'],
  ])('is told with %s', (_, cells, text) => {
    expect(findings({ ...SESSION, ...cells })[0]!.finding).toContain(text);
  });

  test('of one side weighs less, of one message least', () => {
    const oneSided = {
      mining_dialect: 'stratum-v1',
      mining_proven: false,
      mining_miner_messages: 1,
      mining_pool_messages: 0,
    };
    expect(findings(oneSided)).toEqual([
      {
        source: 'protocol',
        finding: 'Stratum v1: no work in this part, 1 message of a miner, no answer read.',
        weight: PROTOCOL_WEIGHTS.message,
      },
    ]);
    const pool = { ...oneSided, mining_miner_messages: 0, mining_pool_messages: 9, mining_jobs: 9 };
    expect(findings(pool)).toMatchObject([
      {
        finding: "Stratum v1: 9 jobs received, no share yet, 9 messages of a pool, no miner's.",
        weight: PROTOCOL_WEIGHTS.messages,
      },
    ]);
  });

  test('by its shape alone is a hint', () => {
    const [shape] = findings({ mining_dialect: 'stratum-v2', mining_proven: false });
    expect(shape).toMatchObject({ weight: PROTOCOL_WEIGHTS.shape });
    expect(shape!.finding).toContain('lengths of a Stratum V2 handshake');
  });

  test('under a long account, or with logins and no shares, is told so besides', () => {
    const notes = findings({
      ...SESSION,
      mining_login_length: 95,
      mining_authorisations: 7,
      mining_submissions: 2,
    }).slice(1);
    expect(notes).toEqual([
      {
        source: 'protocol',
        finding: 'The account has 95 characters, as addresses of Monero and its relatives have.',
        weight: 0,
      },
      { source: 'protocol', finding: '7 logins and 2 shares: refused, or trying pools out.', weight: 0 },
    ]);
    expect(findings({ ...SESSION, mining_login_length: 90 })).toHaveLength(1);
  });

  test('is told without controls, whoever wrote the table, and cut', () => {
    const [finding] = findings({ ...SESSION, mining_agent: `\u001b[31m\u202e${'x'.repeat(1000)}` });
    expect(finding!.finding).toContain('agent \\u{1b}[31m\\u{202e}xxx');
    expect(finding!.finding).not.toMatch(/\p{C}/u);
    expect(finding!.finding.length).toBeLessThan(250);
  });
});

test('weights: an exchange is proof, and everything else is less', () => {
  const { exchange, messages, message, shape } = PROTOCOL_WEIGHTS;
  expect(exchange).toBeGreaterThanOrEqual(9);
  expect([exchange, messages, message, shape]).toEqual([exchange, messages, message, shape].sort((a, b) => b - a));
});

test('any other flow has no finding, and costs no array', () => {
  expect(findings({})).toBe(findings({}));
  expect(findings({})).toEqual([]);
  expect(protocolEvidence.find(createTable([], 1), 0)).toEqual([]);
});
