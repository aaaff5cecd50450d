/** What a source is told: one type a source, told apart by `kind`. Left out is as each comment says. */

/** `--interface IF`. */
export interface InterfaceConfig {
  readonly kind: 'interface';
  readonly interface: string;
  /** BPF expression of pcap-filter; null for all packets. */
  readonly filter?: string | null;
  /** tcpdump or dumpcap, by name or path; null for what is on PATH, tcpdump first. */
  readonly program?: string | null;
  /** Kernel buffer, KiB; 16,384. */
  readonly bufferKib?: number;
  /** Bytes of each frame; 0, all. */
  readonly snapLength?: number;
  /** tcpdump hands packets over at once, at the price of losing more under load; false: within a second. */
  readonly isImmediate?: boolean;
}

/** `--interface IF --capture cap`. */
export interface CapConfig {
  readonly kind: 'cap';
  readonly interface: string;
  readonly filter?: string | null;
  readonly bufferKib?: number;
}

/** `--pcap -`. */
export interface PcapConfig {
  readonly kind: 'pcap';
  /** `-`, or the path of a FIFO, pipe or file. */
  readonly path: string;
  /** Whether whoever writes loses packets when it has to wait; true for pipes, false for files. */
  readonly isLive?: boolean;
}

/** `--pcap-over-ip H:P` or `--pcap-over-ip listen:H:P`. */
export interface PcapOverIpConfig {
  readonly kind: 'pcap-over-ip';
  readonly address: string;
}

/** `--watch DIR`. */
export interface WatchConfig {
  readonly kind: 'watch';
  readonly folder: string;
  /** State file; `defaultJournal(folder)`. */
  readonly journal?: string;
  /** A file that has not grown for so long is whole, seconds; 30. */
  readonly quietSeconds?: number;
  /** The folder is looked through so often, seconds, besides when the system tells of changes; 1. */
  readonly pollSeconds?: number;
  /**
   * A file that was read counts as done so long after, seconds: until then flows that began in it may be without their
   * verdict; 120, the idle timeout. After a crash it is read again.
   */
  readonly overlapSeconds?: number;
  /** Symbolic links are followed; false. */
  readonly followLinks?: boolean;
}

/** `--replay FILE --speed X`. */
export interface ReplayConfig {
  readonly kind: 'replay';
  /** Files, folders, globs, as for `extract`. */
  readonly inputs: readonly string[];
  /** Times as fast as captured; 0 for as fast as can be; 1. */
  readonly speed?: number;
}

export type SourceConfig = InterfaceConfig | CapConfig | PcapConfig | PcapOverIpConfig | WatchConfig | ReplayConfig;
