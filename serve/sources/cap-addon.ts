/**
 * `--capture cap`: the optional addon `cap`, for systems without tcpdump. Its limits: packets get the time at which they reach
 * this process, not the kernel's; the whole process needs the right to capture; what the kernel loses is not told. Only what is
 * lost here, while the sidecar has no room, is counted.
 */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { BUFFER_KIB, requireBuffer, requireFilter, requireInterface } from '../../features/capture/tcpdump.ts';
import type { Source, SourceCounters, SourceNews, StreamSink } from '../live/source.ts';
import type { CapConfig } from './config.ts';
import { Outlet } from './outlet.ts';
import { PcapBuffer } from './pcap-buffer.ts';

/** What little of the package is used (its 0.2.1). */
export interface CapModule {
  readonly Cap: new () => CapHandle;
}
export interface CapHandle {
  /** Returns the link type by name. */
  open(device: string, filter: string, bufferBytes: number, buffer: Buffer): string;
  on(event: 'packet', take: (bytes: number, isTruncated: boolean) => void): unknown;
  setMinBytes?(bytes: number): void;
  close(): void;
}
/** Stands in for `import()`: the bundler must not see the name. */
export type Importer = (name: string) => Promise<unknown>;

const PACKAGE = 'cap';
const FRAME_BYTES = 65_535;
/** Packets are handed on so often, or as soon as a buffer is full. */
const FLUSH_MS = 5;

/** LINKTYPE_ values of the names that the addon gives. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  IEEE802_11_RADIO: 127,
  LINKTYPE_LINUX_SLL: 113,
};

export class CapAddon implements Source {
  readonly name: string;
  readonly isLive = true;
  readonly #config: CapConfig;
  readonly #load: Importer;
  #outlet: Outlet | null = null;
  #captured = 0;
  #lost = 0;

  /** @throws FlowlampError OPTION_INVALID for names and filters that cannot be */
  constructor(config: CapConfig, load: Importer = (name) => import(name)) {
    requireInterface(config.interface);
    if (config.filter != null) requireFilter(config.filter);
    requireBuffer(config.bufferKib ?? BUFFER_KIB, 0);
    this.#config = config;
    this.#load = load;
    this.name = `interface ${config.interface} (cap)`;
  }

  get counters(): SourceCounters {
    const { streams = 0, bytes = 0 } = this.#outlet ?? {};
    return { captureDrops: this.#lost, captured: this.#captured, restarts: 0, streams, bytes };
  }

  async run(sink: StreamSink, signal: AbortSignal, tell: (news: SourceNews) => void): Promise<void> {
    const { Cap } = await this.#module();
    if (signal.aborted) return;
    const handle = new Cap();
    const frame = Buffer.alloc(FRAME_BYTES);
    const packets = new PcapBuffer(this.#open(handle, frame));
    const outlet = new Outlet(sink);
    this.#outlet = outlet;
    outlet.open(this.name);
    handle.on('packet', (bytes) => {
      if (packets.add(frame, bytes, Date.now() * 1000)) this.#captured++;
      else this.#lost++;
    });
    tell({
      level: 'warn',
      text: `${this.name}: times are those of arrival here, and what the kernel loses is not counted; tcpdump knows both`,
    });
    try {
      while (!signal.aborted) {
        if (!packets.isEmpty) await outlet.write(packets.take());
        await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
      }
      if (!packets.isEmpty) await outlet.write(packets.take());
      await outlet.close();
    } catch (cause) {
      await outlet.giveUp();
      throw cause;
    } finally {
      handle.close();
    }
  }

  async #module(): Promise<CapModule> {
    try {
      const module = (await this.#load(PACKAGE)) as Partial<CapModule> & { readonly default?: CapModule };
      const found = module.Cap === undefined ? module.default : (module as CapModule);
      if (found?.Cap !== undefined) return found;
      throw new Error('it has no Cap');
    } catch (cause) {
      throw new FlowlampError(ErrorCode.Unsupported, {
        happened: `the addon ${PACKAGE}, which --capture asks for, is not installed or does not load`,
        expected: `the optional package ${PACKAGE} (it is compiled: libpcap's headers and a C++ compiler are needed)`,
        action: 'install it beside flowlamp with npm, or leave out --capture and install tcpdump',
        cause,
      });
    }
  }

  /** Returns the LINKTYPE_ value. */
  #open(handle: CapHandle, frame: Buffer): number {
    const { interface: from, filter = null, bufferKib = BUFFER_KIB } = this.#config;
    let name: string;
    try {
      name = handle.open(from, filter ?? '', bufferKib * 1024, frame);
      handle.setMinBytes?.(0);
    } catch (cause) {
      throw new FlowlampError(ErrorCode.Unsupported, {
        happened: `${PACKAGE} does not capture on ${from}: ${(cause as Error).message}`,
        expected: 'an interface of this machine, and the right to capture for this process',
        action: 'check --interface and --filter, or leave out --capture',
        cause,
      });
    }
    const linkType = LINK_TYPES[name];
    if (linkType !== undefined) return linkType;
    handle.close();
    throw new FlowlampError(ErrorCode.Unsupported, {
      happened: `${PACKAGE} captures ${name} on ${from}`,
      expected: `one of ${Object.keys(LINK_TYPES).join(', ')}`,
      action: 'leave out --capture: tcpdump knows more',
    });
  }
}
