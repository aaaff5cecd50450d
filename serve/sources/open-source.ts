/** From what the operator asks for to a source of packets. */
import { assertNever } from '../../core/errors.ts';
import type { Source } from '../live/source.ts';
import { CapAddon } from './cap-addon.ts';
import { CaptureChild } from './capture-child.ts';
import type { SourceConfig } from './config.ts';
import { PcapOverIp } from './pcap-over-ip.ts';
import { PcapStream } from './pcap-stream.ts';
import { Replay } from './replay.ts';
import { WatchFolder } from './watch-folder.ts';

/** @throws FlowlampError for what cannot be, before anything is opened */
export function openSource(config: SourceConfig): Source {
  switch (config.kind) {
    case 'interface':
      return new CaptureChild(config);
    case 'cap':
      return new CapAddon(config);
    case 'pcap':
      return new PcapStream(config);
    case 'pcap-over-ip':
      return new PcapOverIp(config);
    case 'watch':
      return new WatchFolder(config);
    case 'replay':
      return new Replay(config);
    default:
      return assertNever(config);
  }
}
