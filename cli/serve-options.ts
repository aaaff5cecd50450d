/** The flags of `flowlamp serve`, and what they come to over a configuration file: a flag wins over the file. */
import { type Command, Option } from 'commander';
import { ErrorCode, FlowlampError } from '../core/errors.ts';
import type { HttpSettings, SidecarConfig } from '../serve/config/config.ts';
import { readConfig } from '../serve/config/read-config.ts';
import { DEFAULT_MODEL } from '../serve/engine.ts';
import { DEFAULT_EMIT } from '../serve/live/settings.ts';
import { LOG_LEVELS, type LogLevel } from '../serve/log.ts';
import { forSink } from '../serve/sinks/check-config.ts';
import { parseSinkUrl } from '../serve/sinks/sink-url.ts';
import type { SourceConfig } from '../serve/sources/config.ts';
import { addIntelligenceOptions, type IntelligenceOptions } from './intelligence-options.ts';
import { positiveInteger, positiveNumber, riskLevel, seconds, zeroOrMore } from './options.ts';

export interface ServeOptions extends IntelligenceOptions {
  readonly config?: string;
  readonly interface?: string;
  readonly pcap?: string;
  readonly pcapOverIp?: string;
  readonly watch?: string;
  readonly replay?: string[];
  readonly speed?: number;
  readonly bpf?: string;
  readonly capture?: string;
  readonly bufferMib?: number;
  readonly snapLength?: number;
  readonly model?: string;
  readonly emit?: string[];
  readonly idleTimeout?: number;
  readonly activeTimeout?: number;
  readonly maxFlows?: number;
  readonly keyVlan?: boolean;
  readonly sink?: string[];
  /** False for --no-http. */
  readonly http?: string | false;
  readonly httpTokenFile?: string;
  readonly alertsPerDay?: number;
  readonly quietPeriod?: number;
  readonly minRisk?: number;
  readonly suppress?: string;
  readonly evidence?: string;
  readonly feedback?: string;
  readonly state?: string;
  readonly hostsEvery?: number;
  readonly driftEvery?: number;
  readonly statusEvery?: number;
  readonly drain?: number;
  readonly reveal?: boolean;
  readonly salt?: string;
  readonly logLevel?: LogLevel;
  readonly quiet?: boolean;
}

const again = (value: string, before: string[] | undefined) => [...(before ?? []), value];

export function addServeOptions(command: Command): Command {
  command
    .option('-c, --config <file>', 'a configuration in YAML or JSON; flags win over it (docs/serve.md)')
    .option('--interface <name>', 'packets of an interface, by tcpdump or dumpcap (docs/sources.md)')
    .option('--pcap <path>', 'a pcap stream: - for standard input, a FIFO or a file')
    .option('--pcap-over-ip <address>', 'HOST:PORT that sends a pcap stream, or listen:HOST:PORT')
    .option('--watch <folder>', 'captures that another sensor writes there; survives restarts')
    .addOption(new Option('--replay <input>', 'captures, as they were in time; repeatable').argParser(again))
    .addOption(
      new Option('--speed <factor>', 'of --replay; 0 for as fast as can be (default: 1)').argParser(zeroOrMore),
    )
    .option('--bpf <expression>', 'of --interface: only these packets (pcap-filter)')
    .option('--capture <program>', 'of --interface: tcpdump, dumpcap, a path of one, or cap for the addon')
    .addOption(new Option('--buffer-mib <size>', 'of --interface: the buffer of the kernel').argParser(positiveNumber))
    .addOption(new Option('--snap-length <bytes>', 'of --interface: bytes of each frame').argParser(positiveInteger))
    .option('-m, --model <model>', `a model folder, name@version, or a model that ships (default: ${DEFAULT_MODEL})`)
    .addOption(
      new Option('--emit <kind>', `rows of each flow; repeatable (default: ${DEFAULT_EMIT.join(', ')})`).argParser(
        again,
      ),
    )
    .addOption(new Option('--idle-timeout <seconds>', 'end a flow after this long without a packet').argParser(seconds))
    .addOption(new Option('--active-timeout <seconds>', 'cut a flow into parts of this length').argParser(seconds))
    .addOption(new Option('--max-flows <count>', 'flows held at once').argParser(positiveInteger))
    .option('--key-vlan', 'flows in different VLANs are different flows')
    .addOption(
      new Option(
        '--sink <sink>',
        'TYPE:TARGET?option=value, repeatable: jsonl, eve, webhook, syslog, arrow, parquet (docs/sinks.md; default: alerts and records as JSON lines on standard output)',
      ).argParser(again),
    )
    .option('--http <address>', 'where the HTTP service listens (default: 127.0.0.1:9477; none with --replay)')
    .option('--no-http', 'without it')
    .option('--http-token-file <file>', 'what clients of the HTTP service must show')
    .addOption(
      new Option('--alerts-per-day <count>', 'raise the threshold until there are no more').argParser(positiveNumber),
    )
    .addOption(
      new Option('--quiet-period <seconds>', 'do not tell of two hosts again for so long (default: 3600)').argParser(
        seconds,
      ),
    )
    .addOption(new Option('--min-risk <level>', 'least risk of an alert, from 0 to 10').argParser(riskLevel))
    .option('--suppress <file>', 'rules for what is no alert, each with a reason and an expiry (docs/alerts.md)')
    .option('--evidence <folder>', 'keep the packets of alerting flows there (docs/evidence-packets.md)')
    .option('--feedback <file>', 'keep what analysts say of verdicts there, for train')
    .option('--state <file>', 'what is remembered over a restart')
    .addOption(
      new Option('--hosts-every <seconds>', 'tell of risky hosts, 0 for never (default: 3600)').argParser(seconds),
    )
    .addOption(
      new Option('--drift-every <seconds>', 'compare inputs with the reference (default: 3600)').argParser(seconds),
    )
    .addOption(
      new Option('--status-every <seconds>', 'tell of the sidecar itself, 0 for never (default: 60)').argParser(
        seconds,
      ),
    )
    .addOption(new Option('--drain <seconds>', 'time for sinks to deliver at the end (default: 10)').argParser(seconds))
    .addOption(new Option('--reveal', 'show accounts of miners as they are, not hashed').conflicts('salt'))
    .option('--salt <keyfile>', 'hash accounts of miners with a key of 32 bytes')
    .addOption(new Option('--log-level <level>', 'of the log on standard error (default: info)').choices(LOG_LEVELS))
    .option('--quiet', 'log errors only');
  return addIntelligenceOptions(command);
}

/** @throws FlowlampError OPTION_INVALID for no source, or several; and as readConfig */
export function sidecarConfig(options: ServeOptions): SidecarConfig {
  const file: Partial<SidecarConfig> = options.config === undefined ? {} : readConfig(options.config);
  const source = sourceOf(options) ?? file.source;
  if (source === undefined) throw noSource();
  const { model, sink, evidence, feedback, state, logLevel, quiet } = options;
  return {
    ...file,
    source,
    sinks: sinksOf(sink) ?? file.sinks ?? [{ type: 'jsonl', path: '-', kinds: ['alert', 'record'] }],
    http: httpOf(options, file.http, source),
    flows: { ...file.flows, ...flowsOf(options) },
    alerts: { ...file.alerts, ...alertsOf(options) },
    feeds: { ...file.feeds, ...feedsOf(options) },
    logins: { ...file.logins, ...given({ reveal: options.reveal, saltFile: options.salt }) },
    ...(evidence === undefined ? {} : { evidence: { ...file.evidence, folder: evidence } }),
    ...given({
      model,
      feedback,
      state,
      log: quiet === true ? ('error' as const) : logLevel,
      hostSeconds: options.hostsEvery,
      driftSeconds: options.driftEvery,
      statusSeconds: options.statusEvery,
      drainSeconds: options.drain,
    }),
  };
}

/** Of several, the number of the one that is refused is said: its target may be a secret. */
function sinksOf(texts: readonly string[] | undefined) {
  if (texts === undefined || texts.length < 2) return texts?.map(parseSinkUrl);
  return texts.map((text, i) => forSink(`--sink number ${i + 1}`, () => parseSinkUrl(text)));
}

function sourceOf(options: ServeOptions): SourceConfig | null {
  const { interface: name, pcap, pcapOverIp, watch, replay, speed, bpf, capture, bufferMib, snapLength } = options;
  const named = [name, pcap, pcapOverIp, watch, replay].filter((one) => one !== undefined);
  if (named.length > 1) throw twoSources();
  if (speed !== undefined && replay === undefined) throw strayOption('--speed', '--replay');
  const ofInterfaces = { '--bpf': bpf, '--capture': capture, '--buffer-mib': bufferMib, '--snap-length': snapLength };
  const stray = Object.entries(ofInterfaces).find(([, value]) => value !== undefined);
  if (stray !== undefined && name === undefined) throw strayOption(stray[0], '--interface');
  if (capture === 'cap' && snapLength !== undefined) throw strayOption('--snap-length', 'tcpdump or dumpcap');
  if (name !== undefined) {
    const bufferKib = bufferMib === undefined ? undefined : Math.round(bufferMib * 1024);
    const own = given({ filter: bpf, bufferKib });
    return capture === 'cap'
      ? { kind: 'cap', interface: name, ...own }
      : { kind: 'interface', interface: name, ...own, ...given({ program: capture, snapLength }) };
  }
  if (pcap !== undefined) return { kind: 'pcap', path: pcap };
  if (pcapOverIp !== undefined) return { kind: 'pcap-over-ip', address: pcapOverIp };
  if (watch !== undefined) return { kind: 'watch', folder: watch };
  return replay === undefined ? null : { kind: 'replay', inputs: replay, ...given({ speed }) };
}

/** A service of a run over captures has to be asked for: two of them would want one port. */
function httpOf(
  { http, httpTokenFile }: ServeOptions,
  before: HttpSettings | false | undefined,
  source: SourceConfig,
): HttpSettings | false {
  if (http === false) return false;
  if (http === undefined) {
    if (before === false || (before === undefined && source.kind === 'replay')) return false;
    return { ...before, ...given({ tokenFile: httpTokenFile }) };
  }
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(http) ?? [];
  if (host === undefined || port === undefined) throw noAddress(http);
  const settings = before === false || before === undefined ? {} : before;
  return {
    ...settings,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    ...given({ tokenFile: httpTokenFile }),
  };
}

const flowsOf = ({ idleTimeout, activeTimeout, maxFlows, keyVlan, emit }: ServeOptions) =>
  given({ idleTimeout, activeTimeout, maxFlows, keyVlan, emit });

const alertsOf = ({ alertsPerDay, quietPeriod, minRisk, suppress }: ServeOptions) =>
  given({ perDay: alertsPerDay, quietSeconds: quietPeriod, minRisk, suppress });

/** Those that have a default of their own (--feed-refresh, the pool list) count where they differ from it, or nothing else is said. */
const feedsOf = ({ feed, allowList, feedMaxAge, feedRefresh, feedCache, poolList }: ServeOptions) =>
  given({
    sources: feed,
    allowLists: allowList,
    maxAgeDays: feedMaxAge,
    refreshHours: feed === undefined ? undefined : feedRefresh,
    cacheFolder: feedCache,
    poolList: poolList === false ? false : undefined,
  });

/** The members that are there. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function noSource(): FlowlampError {
  return wrong(
    'serve was told of no packets',
    '--interface, --pcap, --pcap-over-ip, --watch or --replay, or a --config with a source',
    'name one; `tcpdump -U -w - | flowlamp serve --pcap -` needs no privilege of its own',
  );
}

function twoSources(): FlowlampError {
  return wrong(
    'serve was told of several sources',
    'one of --interface, --pcap, --pcap-over-ip, --watch, --replay',
    'leave out the others',
  );
}

function strayOption(option: string, owner: string): FlowlampError {
  return wrong(`${option} does nothing here`, `it along with ${owner}`, `leave it out, or say ${owner}, too`);
}

function noAddress(text: string): FlowlampError {
  return wrong(`--http is ${text}`, 'HOST:PORT, such as 127.0.0.1:9477', 'correct it, or leave it out');
}

function wrong(happened: string, expected: string, action: string): FlowlampError {
  return new FlowlampError(ErrorCode.OptionInvalid, { happened, expected, action });
}
