/** The examples of deployment hold what they promise: privileges, paths, probes and flags that there are. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { addServeOptions, type ServeOptions, sidecarConfig } from '../../cli/serve-options.ts';
import { readConfig } from '../../serve/config/read-config.ts';
import { ROUTES } from '../../serve/http/server.ts';
import { checkSinkConfig } from '../../serve/sinks/check-config.ts';
import { flowlamp, jsonRows, sample, temporaryFolder } from '../cli/run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const path = (name: string) => `${root}/examples/deploy/${name}`;
const read = (name: string) => readFileSync(path(name), 'utf8');
const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Each setting of a unit; one that is set several times has all its values. */
function unit(name: string): Readonly<Record<string, readonly string[]>> {
  const settings: Record<string, string[]> = {};
  for (const line of read(name).split('\n')) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) settings[key] = [...(settings[key] ?? []), value!];
  }
  return settings;
}

/** What `flowlamp serve ARGS` would run with. */
function configOf(args: readonly string[]) {
  const command = addServeOptions(new Command('serve'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return sidecarConfig(command.parse([...args], { from: 'user' }).opts<ServeOptions>());
}

const analyzer = '/usr/bin/systemd-analyze';

describe.runIf(existsSync(analyzer))('systemd', () => {
  test('finds no fault with the units', () => {
    const units = ['flowlamp.service', 'flowlamp-capture.service'].map((name) => {
      // It looks for programs, which need not be installed here.
      const text = read(name).replaceAll(/^(ExecStart(?:Pre)?)=\S+/gm, `$1=${process.execPath}`);
      writeFileSync(folder.at(name), text);
      return folder.at(name);
    });
    const { status, stdout, stderr } = spawnSync(analyzer, ['verify', ...units], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['flowlamp.service', 1.5],
    ['flowlamp-capture.service', 2],
  ])('rates the exposure of %s at %d at most', (name, most) => {
    const args = ['security', '--offline=true', '--no-pager', path(name)];
    const { stdout } = spawnSync(analyzer, args, { encoding: 'utf8' });
    const exposure = Number(/exposure level for \S+ (\d+\.\d)/.exec(stdout)?.[1]);
    expect(exposure).toBeLessThanOrEqual(most);
  });
});

describe('the units', () => {
  const [scorer, capture] = [unit('flowlamp.service'), unit('flowlamp-capture.service')];

  test('give the scorer no capability, and who captures one', () => {
    expect([scorer['CapabilityBoundingSet'], scorer['AmbientCapabilities']]).toEqual([[''], ['']]);
    expect(capture['CapabilityBoundingSet']).toEqual(['CAP_NET_RAW']);
    expect(capture['AmbientCapabilities']).toEqual(['CAP_NET_RAW']);
    expect(scorer['RestrictAddressFamilies']!.join()).not.toMatch(/AF_PACKET|AF_NETLINK/);
  });

  test.each([scorer, capture])('keep both from everything else', (settings) => {
    expect(settings['User']![0]).toMatch(/^flowlamp/);
    expect(settings['ProtectSystem']).toEqual(['strict']);
    for (const name of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'RestrictSUIDSGID']) {
      expect(settings[name], name).toEqual(['yes']);
    }
    expect(settings['SystemCallFilter']![0]).toMatch(/^@system-service/);
    expect(settings['MemoryMax']).toHaveLength(1);
    expect(settings['Restart']).toEqual(['always']);
  });

  test('pass the packets through one FIFO, which is no file should it be missing', () => {
    const fifo = '/run/flowlamp/packets.pcap';
    expect(scorer['ExecStartPre']![0]).toMatch(new RegExp(`mkfifo .* ${fifo}$`));
    expect(capture['ExecStartPre']![0]).toMatch(new RegExp(`test -p ${fifo}$`));
    expect(capture['ExecStart']![0]).toContain(`-w ${fifo} `);
    expect(readConfig(path('serve.yaml')).source).toEqual({ kind: 'pcap', path: fifo });
  });

  test('leave the scorer the time to drain, and reload it with SIGHUP', () => {
    const { drainSeconds = 10 } = readConfig(path('serve.yaml'));
    expect(Number(scorer['TimeoutStopSec']![0])).toBeGreaterThan(2 * drainSeconds);
    expect(scorer['KillSignal']).toEqual(['SIGTERM']);
    expect(scorer['ExecReload']![0]).toMatch(/ -HUP \$MAINPID$/);
    expect(scorer['ExecStart']![0]).toBe('/usr/local/bin/flowlamp serve --config /etc/flowlamp/serve.yaml');
  });
});

describe('serve.yaml', () => {
  test('writes only where the unit may', () => {
    const { sinks = [], evidence, feedback, state } = configOf(['--config', path('serve.yaml')]);
    const places = [
      ...sinks
        .map((sink) => checkSinkConfig(sink))
        .map((sink) => ('folder' in sink ? sink.folder : 'path' in sink ? sink.path : '')),
      evidence?.folder,
      feedback,
      state,
    ];
    expect(places).toHaveLength(6);
    expect(places.filter((place) => !/^\/var\/(lib|log)\/flowlamp\//.test(place ?? ''))).toEqual([]);
  });

  test('gives alerts in EVE, records, rows and evidence of a capture', async () => {
    for (const name of ['lib', 'log']) mkdirSync(folder.at(`var/${name}/flowlamp`), { recursive: true });
    const config = read('serve.yaml').replaceAll(' /var/', ` ${folder.at('var')}/`);
    writeFileSync(folder.at('serve.yaml'), config);
    const replay = ['--replay', sample('demo.pcap'), '--speed', '0', '--no-http', '--quiet'];
    const outcome = await flowlamp(['serve', '--config', folder.at('serve.yaml'), ...replay]);
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
    const alerts = jsonRows(readFileSync(folder.at('var/log/flowlamp/eve.json'), 'utf8'));
    expect(alerts.map((alert) => alert['event_type'])).toEqual(Array(5).fill('alert'));
    for (const place of ['log/flowlamp/records.jsonl', 'lib/flowlamp/rows', 'lib/flowlamp/evidence/evidence.log']) {
      expect(existsSync(folder.at(`var/${place}`)), place).toBe(true);
    }
  });
});

describe('the Dockerfile', () => {
  const lines = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '');
  const stages = lines.filter((line) => line.startsWith('FROM '));
  const last = lines.slice(lines.lastIndexOf(stages.at(-1)!));

  test('begins with images of one version', () => {
    expect(stages).toHaveLength(3);
    for (const stage of stages) expect(stage).toMatch(/^FROM \w+:\d+\.\d+[\w.-]*( AS \w+)?$/);
  });

  test('copies what there is', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.length).toBeGreaterThan(3);
    expect(copied.filter((name) => !existsSync(`${root}/${name}`))).toEqual([]);
  });

  test('runs as nobody in particular, and is asked whether it is ready', () => {
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER 1000:1000']);
    expect(last.indexOf('USER 1000:1000')).toBeLessThan(last.findIndex((line) => line.startsWith('ENTRYPOINT ')));
    const probe = last.find((line) => line.startsWith('HEALTHCHECK '))!;
    expect(ROUTES.map((route) => route.path)).toContain(/127\.0\.0\.1:9477(\/\w+)/.exec(probe)![1]);
    expect(last.some((line) => /setcap|apt-get|sudo/.test(line))).toBe(false);
    const args = JSON.parse(last.find((line) => line.startsWith('CMD '))!.slice('CMD '.length)) as string[];
    expect(args[0]).toBe('serve');
    expect(configOf(args.slice(1)).source).toEqual({ kind: 'pcap', path: '-' });
  });
});

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly restartPolicy?: string;
  readonly resources: { readonly limits: Readonly<Record<string, string>> };
  readonly securityContext: {
    readonly privileged: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly runAsNonRoot?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

describe('kubernetes.yaml', () => {
  const { spec } = parse(read('kubernetes.yaml'));
  const containers: readonly Container[] = [...spec.initContainers, ...spec.containers];
  const named = (name: string) => containers.find((container) => container.name === name)!;

  test('has one container with a capability: the one that captures', () => {
    for (const { name, securityContext, resources } of containers) {
      const { privileged, allowPrivilegeEscalation, capabilities } = securityContext;
      expect([name, privileged, allowPrivilegeEscalation, capabilities.drop]).toEqual([name, false, false, ['ALL']]);
      expect(capabilities.add ?? []).toEqual(name === 'capture' ? ['NET_RAW'] : []);
      expect(Object.keys(resources.limits)).toEqual(['cpu', 'memory']);
    }
    expect(named('flowlamp').securityContext).toMatchObject({ runAsNonRoot: true, readOnlyRootFilesystem: true });
    expect(spec).not.toHaveProperty('hostNetwork');
  });

  test('starts the scorer with flags that there are, with a FIFO that was made, and ends both after the application', () => {
    const { args, volumeMounts, restartPolicy } = named('flowlamp');
    expect(args![0]).toBe('serve');
    const config = configOf(args!.slice(1));
    expect(config).toMatchObject({
      source: { kind: 'pcap', path: '/packets/packets.pcap' },
      http: { host: '0.0.0.0', port: 9477, tokenFile: '/etc/flowlamp/token' },
    });
    const mounts = volumeMounts!.map(({ mountPath }) => mountPath);
    for (const place of [config.state, config.feedback, '/packets/packets.pcap', '/etc/flowlamp/token']) {
      expect(
        mounts.some((mount) => place!.startsWith(`${mount}/`)),
        place,
      ).toBe(true);
    }
    expect([restartPolicy, named('capture').restartPolicy]).toEqual(['Always', 'Always']);
    expect(JSON.stringify([named('fifo'), named('capture')]).match(/\/packets\/packets\.pcap/g)).toHaveLength(3);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(2 * config.drainSeconds!);
  });

  test('asks routes that there are, and that need no token', () => {
    const probes = Object.entries(named('flowlamp')).filter(([name]) => name.endsWith('Probe'));
    expect(probes.map(([name]) => name)).toEqual(['startupProbe', 'livenessProbe', 'readinessProbe']);
    for (const [name, { httpGet }] of probes as [string, { httpGet: { path: string; port: string } }][]) {
      const route = ROUTES.find(({ method, path }) => method === 'GET' && path === httpGet.path);
      expect([name, route?.isOpen]).toEqual([name, true]);
      expect(named('flowlamp').ports).toContainEqual({ name: httpGet.port, containerPort: 9477 });
    }
  });
});
