/** `flowlamp serve`: the sidecar. */
import type { Command } from 'commander';
import { packageVersion } from '../../features/files/package-files.ts';
import type { SidecarConfig } from '../../serve/config/config.ts';
import { Sidecar } from '../../serve/live/sidecar.ts';
import { type Log, openLog } from '../../serve/log.ts';
import { type Example, examplesText } from '../examples.ts';
import { addServeOptions, type ServeOptions, sidecarConfig } from '../serve-options.ts';
import { withOwnSignals } from '../signals.ts';

const EXAMPLES: readonly Example[] = [
  ['tcpdump -i eth0 -U -w - | flowlamp serve --pcap -', 'alerts as JSON lines on standard output'],
  ['flowlamp serve --interface eth0 --sink eve:/var/log/flowlamp/eve.json --state /var/lib/flowlamp/state.json'],
  ['flowlamp serve --watch /var/log/suricata/pcaps --sink syslog:udp://127.0.0.1:514 --alerts-per-day 5'],
  ['flowlamp serve --replay capture.pcap --speed 0 --sink jsonl:-', 'what it would have said'],
  ['flowlamp serve --config /etc/flowlamp/serve.yaml'],
];

export function addServeCommand(program: Command): void {
  addServeOptions(program.command('serve').description('the sidecar: verdicts while flows live'))
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (options: ServeOptions) => runServe(options));
}

async function runServe(options: ServeOptions): Promise<void> {
  const config = sidecarConfig(options);
  const log = await openLog(config.log ?? 'info');
  const stopping = new AbortController();
  let sidecar: Sidecar | null = null;
  // From the beginning: while it opens SIGHUP must not end it, and SIGTERM not leave a sink half-open.
  await withOwnSignals(
    {
      // The first one drains; the next ends at once, for whoever will not wait.
      stop: (signal) => {
        log.info({ signal }, 'stopping: flows that live are judged, sinks deliver');
        stopping.abort();
        sidecar?.stop();
      },
      hangUp: () => {
        sidecar?.reopen();
        void sidecar?.reload(readAgain(options, log));
      },
    },
    async () => {
      sidecar = await Sidecar.open(config, { log, version: packageVersion() });
      if (stopping.signal.aborted) sidecar.stop();
      await sidecar.run();
    },
  );
}

/** The configuration as it is now; one that became wrong changes nothing. */
function readAgain(options: ServeOptions, log: Log): SidecarConfig | undefined {
  try {
    return sidecarConfig(options);
  } catch (error) {
    log.error({ reason: (error as Error).message }, 'the configuration could not be read, the old one goes on');
    return undefined;
  }
}
