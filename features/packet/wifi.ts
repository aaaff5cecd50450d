/** IEEE 802.11 data frames (802.11-2020 9.2, 9.3.2), as they are and behind a radiotap header (radiotap.org). */

import { drop, Layer, type Step } from './layer.ts';
import { decodeEtherType } from './link.ts';
import { type Packet, Status } from './packet.ts';

const RADIOTAP_LENGTH = 2;
const RADIOTAP_MIN_BYTES = 8;
const HEADER_BYTES = 24;
const FOURTH_ADDRESS_BYTES = 6;
const QOS_BYTES = 2;
/** LLC and SNAP (802.2, RFC 1042): aa aa 03, three zero bytes, the EtherType. */
const SNAP_HIGH = 0xaaaa0300;
const SNAP_BYTES = 8;
const DATA_TYPE = 2;
const Subtype = { NoData: 4, Qos: 8 } as const;
/** Order, in a QoS frame, announces an HT control field (802.11-2020 9.2.4.1.10). */
const FrameFlag = { ToDs: 0x01, FromDs: 0x02, Protected: 0x40, Order: 0x80 } as const;
const HT_CONTROL_BYTES = 4;

export function decodeRadiotap(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < RADIOTAP_MIN_BYTES) return drop(Status.Truncated);
  const length = view.getUint16(at + RADIOTAP_LENGTH, true);
  if (length < RADIOTAP_MIN_BYTES) return drop(Status.Malformed);
  out.next = at + length;
  return Layer.Wifi;
}

export function decodeWifi(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < 2) return drop(Status.Truncated);
  const control = view.getUint8(at);
  const flags = view.getUint8(at + 1);
  const subtype = control >> 4;
  if (((control >> 2) & 3) !== DATA_TYPE || (subtype & Subtype.NoData) !== 0) return drop(Status.Opaque);
  if ((flags & FrameFlag.Protected) !== 0) return drop(Status.Opaque);
  if (end - at < HEADER_BYTES) return drop(Status.Truncated);
  let header = HEADER_BYTES;
  if ((flags & (FrameFlag.ToDs | FrameFlag.FromDs)) === (FrameFlag.ToDs | FrameFlag.FromDs))
    header += FOURTH_ADDRESS_BYTES;
  if ((subtype & Subtype.Qos) !== 0)
    header += (flags & FrameFlag.Order) === 0 ? QOS_BYTES : QOS_BYTES + HT_CONTROL_BYTES;
  const llcAt = at + header;
  if (end - llcAt < SNAP_BYTES) return drop(Status.Truncated);
  if (view.getUint32(llcAt) !== SNAP_HIGH || view.getUint16(llcAt + 4) !== 0) return drop(Status.NotIp);
  return decodeEtherType(view, llcAt + SNAP_BYTES, end, view.getUint16(llcAt + 6), out);
}
