/**
 * What Suricata's schema of EVE (etc/schema.json, versions 6 to 8) says of the members that flowlamp writes, in our words: the
 * same names and types, and nothing besides. A member that has no line here is not allowed, as there.
 */
import { Ajv } from 'ajv';

const text = { type: 'string' };
const whole = { type: 'integer', minimum: 0, maximum: 2 ** 63 - 1 };
const truth = { type: 'boolean' };
const texts = { type: 'array', items: text };
const time = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d+[+\\-]\\d+$' };

function closed(properties: object, required: readonly string[] = []): object {
  return { type: 'object', properties, required, additionalProperties: false };
}

const fingerprint = closed({ hash: text, string: text });

const rules = closed(
  {
    timestamp: time,
    event_type: { enum: ['flow', 'alert'] },
    flow_id: whole,
    pcap_filename: text,
    vlan: { type: 'array', items: { type: 'number' } },
    src_ip: text,
    src_port: whole,
    dest_ip: text,
    dest_port: whole,
    icmp_type: whole,
    proto: { enum: ['TCP', 'UDP', 'SCTP', 'ICMP', 'IPv6-ICMP'] },
    community_id: text,
    app_proto: { enum: ['tls', 'quic', 'http', 'ssh', 'dns'] },
    metadata: closed({ flowbits: texts }),
    tls: closed({
      subject: text,
      issuerdn: text,
      serial: text,
      fingerprint: text,
      sni: text,
      version: text,
      notbefore: text,
      notafter: text,
      session_resumed: truth,
      ja3: fingerprint,
      ja3s: fingerprint,
      ja4: text,
    }),
    quic: closed({ version: text, sni: text, ua: text, ja3: fingerprint, ja3s: fingerprint, ja4: text }),
    flow: closed({
      pkts_toserver: whole,
      pkts_toclient: whole,
      bytes_toserver: whole,
      bytes_toclient: whole,
      start: time,
      end: time,
      age: whole,
      state: { enum: ['new', 'established', 'closed'] },
      reason: { enum: ['timeout', 'forced', 'shutdown', 'unknown'] },
      alerted: truth,
      src_ip: text,
      dest_ip: text,
      src_port: whole,
      dest_port: whole,
    }),
    alert: closed(
      {
        action: { enum: ['allowed', 'blocked'] },
        gid: whole,
        signature_id: whole,
        rev: whole,
        signature: text,
        category: text,
        severity: { type: 'integer', minimum: 1, maximum: 255 },
        // Suricata names ten keys, each a list of texts, and allows no other.
        metadata: closed({ signature_severity: texts, tag: texts }),
      },
      ['action', 'gid', 'signature_id', 'rev', 'signature', 'category', 'severity'],
    ),
  },
  ['timestamp', 'event_type'],
);

const validate = new Ajv({ allErrors: true }).compile(rules);

/** What is wrong with a record; empty for one that Suricata could have written. */
export function eveFaults(record: unknown): string[] {
  if (validate(record)) return [];
  return validate.errors!.map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
