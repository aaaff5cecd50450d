/** Any capture, written again as pcapng: one section, an interface for each link type, times in nanoseconds. */
import { CaptureReader } from '../../features/capture/reader.ts';
import { concat, fields } from './bytes.ts';
import { block, interfaceBlock, sectionHeader } from './captures.ts';

const ENHANCED_PACKET = 6;
/** `if_tsresol` 9: units of 10^-9 s. */
const NANOSECONDS = [9, Uint8Array.of(9)] as const;

export function pcapngOf(capture: Uint8Array): Uint8Array {
  const blocks = [sectionHeader()];
  const interfaces: number[] = [];
  const reader = new CaptureReader('capture', {
    frame(view, at, end, wireLength, us, ns, linkType) {
      if (!interfaces.includes(linkType)) {
        interfaces.push(linkType);
        blocks.push(interfaceBlock(linkType, [NANOSECONDS]));
      }
      const count = BigInt(us) * 1000n + BigInt(ns);
      const head = fields(
        true,
        [interfaces.indexOf(linkType), 4],
        [Number(count >> 32n), 4],
        [Number(count & 0xffffffffn), 4],
        [end - at, 4],
        [wireLength, 4],
      );
      blocks.push(block(ENHANCED_PACKET, concat(head, new Uint8Array(view.buffer, view.byteOffset + at, end - at))));
    },
  });
  reader.write(capture);
  reader.finish();
  return concat(...blocks);
}
