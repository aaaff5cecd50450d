/**
 * The form of a configuration file, as JSON Schema (2020-12): checked when one is read, and written to docs/serve.schema.json
 * for editors. Sources and sinks say themselves what they take; here stands only that they are objects with a type.
 */
import type { Schema } from '../../core/json-schema.ts';
import { LOG_LEVELS } from '../log.ts';

const text = (description: string): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: 4_096,
  title: 'a text',
  description,
});
const seconds = (description: string, minimum = 0): Schema => ({
  type: 'number',
  minimum,
  maximum: 31_622_400,
  title: 'a number of seconds',
  description,
});
const whole = (minimum: number, maximum: number, description: string): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  title: `a whole number from ${minimum} to ${maximum}`,
  description,
});
const flag = (description: string): Schema => ({ type: 'boolean', title: 'true or false', description });
const texts = (description: string): Schema => ({
  type: 'array',
  title: 'a list',
  items: text('one'),
  maxItems: 1_000,
  description,
});
const object = (
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({
  type: 'object',
  title: 'an object',
  description,
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const SOURCE: Schema = {
  type: 'object',
  title: 'a source',
  description: 'where packets come from (docs/sources.md)',
  additionalProperties: false,
  required: ['kind'],
  properties: {
    kind: { enum: ['interface', 'cap', 'pcap', 'pcap-over-ip', 'watch', 'replay'] },
    interface: text('interface, cap: the name of the interface'),
    filter: text('interface, cap: an expression of pcap-filter'),
    program: text('interface: tcpdump or dumpcap, by name or path'),
    bufferKib: whole(64, 4_194_304, 'interface, cap: the buffer of the kernel, KiB'),
    snapLength: whole(0, 262_144, 'interface: bytes of each frame, 0 for all'),
    isImmediate: flag('interface: tcpdump hands packets over at once, at the price of losing more under load'),
    path: text('pcap: - or a path'),
    isLive: flag('pcap: whether whoever writes loses packets when it has to wait'),
    address: text('pcap-over-ip: HOST:PORT, or listen:HOST:PORT'),
    folder: text('watch: the folder'),
    journal: text('watch: the file that says what was read'),
    quietSeconds: seconds('watch: a file that has not grown for so long is whole'),
    pollSeconds: seconds('watch: how often the folder is looked through', 0.01),
    overlapSeconds: seconds('watch: how long after its end a file is read again after a crash'),
    followLinks: flag('watch: symbolic links are followed'),
    inputs: texts('replay: files, folders, globs'),
    speed: {
      type: 'number',
      minimum: 0,
      maximum: 1e6,
      title: 'a number',
      description: 'replay: times as fast as captured, 0 for as fast as can be',
    },
  },
};

export const SIDECAR_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'a configuration of flowlamp serve',
  ...object(
    'docs/serve.md',
    {
      source: SOURCE,
      model: text('a model folder, name@version, or a model that ships'),
      flows: object('how packets become flows, and flows rows', {
        idleTimeout: seconds('a flow without a packet for this long ends; 0 for never'),
        activeTimeout: seconds('a flow that lasts this long is cut into parts; 0 for never'),
        maxFlows: whole(1, 10_000_000, 'flows held at once'),
        keyVlan: flag('flows in different VLANs are different flows'),
        emit: texts('rows of each flow: end, prefix:N, interval:SECONDS'),
      }),
      sinks: {
        type: 'array',
        title: 'a list of sinks',
        description: 'where verdicts go (docs/sinks.md)',
        maxItems: 64,
        items: { type: 'object', title: 'a sink' },
      },
      http: object('the HTTP service (docs/http-api.md)', {
        enabled: flag('false for none'),
        host: text('default 127.0.0.1'),
        port: whole(0, 65_535, 'default 9477'),
        tokenFile: text('a file with the token that clients must show'),
        tokenEnv: text('or the environment variable that holds it'),
        certFile: text('PEM'),
        keyFile: text('PEM'),
        caFile: text('PEM: only clients with a certificate of it are let in'),
        allowedHosts: texts('names by which clients may call the service'),
      }),
      alerts: object('which rows are alerts (docs/alerts.md)', {
        quietSeconds: seconds('how long two hosts are not told of again'),
        minRisk: whole(0, 10, 'least risk'),
        perDay: {
          type: 'number',
          minimum: 0.01,
          maximum: 1e6,
          title: 'a number',
          description: 'alerts a day that are wanted',
        },
        suppress: text('a file of suppression rules'),
      }),
      feeds: object('indicators of others (docs/intelligence.md)', {
        sources: texts('files and URLs'),
        allowLists: texts('files of what is never evidence'),
        maxAgeDays: {
          type: 'number',
          minimum: 0,
          maximum: 36_500,
          title: 'a number of days',
          description: 'older indicators are left out',
        },
        refreshHours: {
          type: 'number',
          minimum: 0.01,
          maximum: 24,
          title: 'a number of hours',
          description: 'below 24',
        },
        cacheFolder: text('where the last good copies lie'),
        poolList: flag('false leaves out the list of public pools that ships'),
      }),
      logins: object('accounts of miners (docs/mining-witness.md)', {
        reveal: flag('shows them as they are'),
        saltFile: text('a key of 32 bytes that they are hashed with'),
      }),
      evidence: object(
        'packets of alerting flows (docs/evidence-packets.md)',
        {
          folder: text('its own'),
          packets: whole(1, 4_096, 'first packets of each flow'),
          bytes: whole(1_048_576, 2 ** 44, 'of all files'),
        },
        ['folder'],
      ),
      hostSeconds: seconds('how often risky hosts are told of; 0 for never'),
      driftSeconds: seconds('from one comparison with the reference to the next', 1),
      statusSeconds: seconds('how often the sidecar tells of itself; 0 for never'),
      feedback: text('a file for the words of analysts'),
      state: text('a file for what is remembered over a restart'),
      log: { enum: LOG_LEVELS },
      drainSeconds: seconds('what sinks have at the end to deliver what waits'),
    },
    ['source'],
  ),
};
