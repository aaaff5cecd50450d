/**
 * Fields of the Elastic Common Schema 9 (elastic/ecs, generated/ecs) that flowlamp writes, with their types, in our own words.
 * What stands under `flowlamp` is a namespace of its own, as ECS asks for custom fields.
 */

type FieldType = 'date' | 'keyword' | 'keywords' | 'long' | 'float' | 'ip' | 'ips' | 'boolean' | 'objects';

const FIELDS: Readonly<Record<string, FieldType>> = {
  '@timestamp': 'date',
  'ecs.version': 'keyword',
  'event.kind': 'keyword',
  'event.category': 'keywords',
  'event.type': 'keywords',
  'event.module': 'keyword',
  'event.dataset': 'keyword',
  'event.start': 'date',
  'event.end': 'date',
  'event.duration': 'long',
  'event.risk_score': 'float',
  'event.risk_score_norm': 'float',
  'event.severity': 'long',
  'event.reason': 'keyword',
  'network.transport': 'keyword',
  'network.type': 'keyword',
  'network.iana_number': 'keyword',
  'network.protocol': 'keyword',
  'network.community_id': 'keyword',
  'network.bytes': 'long',
  'network.packets': 'long',
  'network.vlan.id': 'keyword',
  'source.address': 'keyword',
  'source.ip': 'ip',
  'source.port': 'long',
  'source.bytes': 'long',
  'source.packets': 'long',
  'destination.address': 'keyword',
  'destination.ip': 'ip',
  'destination.port': 'long',
  'destination.bytes': 'long',
  'destination.packets': 'long',
  'tls.version': 'keyword',
  'tls.version_protocol': 'keyword',
  'tls.next_protocol': 'keyword',
  'tls.established': 'boolean',
  'tls.resumed': 'boolean',
  'tls.client.server_name': 'keyword',
  'tls.client.ja3': 'keyword',
  'tls.server.ja3s': 'keyword',
  'tls.server.subject': 'keyword',
  'tls.server.issuer': 'keyword',
  'tls.server.not_before': 'date',
  'tls.server.not_after': 'date',
  'tls.server.hash.sha256': 'keyword',
  'rule.id': 'keyword',
  'rule.name': 'keyword',
  'rule.category': 'keyword',
  'rule.ruleset': 'keyword',
  'rule.version': 'keyword',
  'threat.framework': 'keyword',
  'threat.tactic.id': 'keywords',
  'threat.tactic.name': 'keywords',
  'threat.tactic.reference': 'keywords',
  'threat.technique.id': 'keywords',
  'threat.technique.name': 'keywords',
  'threat.technique.reference': 'keywords',
  'related.ip': 'ips',
  'related.hosts': 'keywords',
  'flowlamp.verdict': 'keyword',
  'flowlamp.predicted': 'keyword',
  'flowlamp.score': 'float',
  'flowlamp.risk': 'long',
  'flowlamp.model': 'keyword',
  'flowlamp.evidence': 'objects',
  'flowlamp.capture': 'keyword',
  'flowlamp.flow_id': 'long',
  'flowlamp.part': 'long',
  'flowlamp.row_kind': 'keyword',
  'flowlamp.end_reason': 'keyword',
  'flowlamp.ja4': 'keyword',
  'flowlamp.label': 'keyword',
};

/** Fields that hold one of a few words only. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'event.kind': ['alert', 'event'],
  'event.category': ['network', 'intrusion_detection'],
  'event.type': ['connection', 'end', 'info'],
};

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isAddress = (value: unknown) => isText(value) && /^[0-9a-f.:]+$/.test(value as string);
const isListOf = (value: unknown, test: (item: unknown) => boolean) =>
  Array.isArray(value) && value.length > 0 && value.every(test);

const TESTS: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  date: (value) => isText(value) && !Number.isNaN(Date.parse(value as string)) && /Z$/.test(value as string),
  keyword: isText,
  keywords: (value) => isListOf(value, isText),
  long: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 63,
  float: (value) => Number.isFinite(value),
  ip: isAddress,
  ips: (value) => isListOf(value, isAddress),
  boolean: (value) => typeof value === 'boolean',
  objects: (value) => Array.isArray(value),
};

/** What is wrong with a document; empty for one that keeps to the schema. */
export function ecsFaults(document: object): string[] {
  const fields = flat(document);
  const names = new Set(fields.map(([name]) => name));
  const missing = ['@timestamp', 'ecs.version', 'event.kind'].filter((name) => !names.has(name));
  return [
    ...missing.map((name) => `${name} is missing`),
    ...fields.flatMap(([name, value]) => {
      const type = FIELDS[name];
      if (type === undefined) return [`${name} is no field`];
      const isOneOf = [value].flat().every((word) => WORDS[name]?.includes(word as string) !== false);
      return TESTS[type](value) && isOneOf ? [] : [`${name} is no ${type}: ${JSON.stringify(value)}`];
    }),
  ];
}

function flat(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, member]): [string, unknown][] =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? flat(member, `${path}${key}.`)
      : [[`${path}${key}`, member]],
  );
}
