/**
 * Link layers: from the start of a frame to the start of its IP header.
 * Link type numbers: https://www.tcpdump.org/linktypes.html
 */
import { LIMITS } from '../../core/limits.ts';
import { decodeIp } from './ip.ts';
import { type Packet, Status } from './packet.ts';

export const LinkType = {
  Null: 0,
  Ethernet: 1,
  RawBsd: 12,
  RawOpenBsd: 14,
  Raw: 101,
  Loop: 108,
  LinuxSll: 113,
  Ipv4: 228,
  Ipv6: 229,
  LinuxSll2: 276,
} as const;

/** Names as libpcap and Wireshark show them. */
const LINK_TYPE_NAMES: Readonly<Record<number, string>> = {
  [LinkType.Null]: 'BSD loopback',
  [LinkType.Ethernet]: 'Ethernet',
  [LinkType.RawBsd]: 'raw IP',
  [LinkType.RawOpenBsd]: 'raw IP',
  [LinkType.Raw]: 'raw IP',
  [LinkType.Loop]: 'OpenBSD loopback',
  [LinkType.LinuxSll]: 'Linux cooked',
  [LinkType.Ipv4]: 'raw IPv4',
  [LinkType.Ipv6]: 'raw IPv6',
  [LinkType.LinuxSll2]: 'Linux cooked v2',
};

export function linkTypeName(linkType: number): string {
  return LINK_TYPE_NAMES[linkType] ?? `link type ${linkType}, not read`;
}

const EtherType = { Ipv4: 0x0800, Vlan: 0x8100, Ipv6: 0x86dd, ServiceVlan: 0x88a8, OldServiceVlan: 0x9100 } as const;

const ETHERNET_TYPE = 12;
const ETHERNET_BYTES = 14;
const VLAN_BYTES = 4;
const SLL_PROTOCOL = 14;
const SLL_BYTES = 16;
const SLL2_PROTOCOL = 0;
const SLL2_BYTES = 20;
const NULL_BYTES = 4;

/** Decodes the frame `view[at, end)`, whose wire length is `wireLength`, into `out`. */
export function decodeFrame(
  view: DataView,
  at: number,
  end: number,
  wireLength: number,
  linkType: number,
  out: Packet,
): Status {
  out.view = view;
  out.vlan = -1;
  switch (linkType) {
    case LinkType.Ethernet:
      if (end - at < ETHERNET_BYTES) return Status.Truncated;
      return decodeEtherType(view, at + ETHERNET_BYTES, end, wireLength - ETHERNET_BYTES, at + ETHERNET_TYPE, out);
    case LinkType.LinuxSll:
      if (end - at < SLL_BYTES) return Status.Truncated;
      return decodeEtherType(view, at + SLL_BYTES, end, wireLength - SLL_BYTES, at + SLL_PROTOCOL, out);
    case LinkType.LinuxSll2:
      if (end - at < SLL2_BYTES) return Status.Truncated;
      return decodeEtherType(view, at + SLL2_BYTES, end, wireLength - SLL2_BYTES, at + SLL2_PROTOCOL, out);
    case LinkType.Raw:
    case LinkType.RawBsd:
    case LinkType.RawOpenBsd:
    case LinkType.Ipv4:
    case LinkType.Ipv6:
      return decodeIp(view, at, end, wireLength, out);
    case LinkType.Null:
    case LinkType.Loop:
      // The 4-byte address family differs by system and byte order; the IP version says the same and is reliable.
      if (end - at < NULL_BYTES) return Status.Truncated;
      return decodeNullFamily(view, at, end, wireLength, out);
    default:
      return Status.UnknownLink;
  }
}

/** Looks through VLAN tags (802.1Q, 802.1ad) to the IP header; `typeAt` is where the first EtherType stands. */
function decodeEtherType(
  view: DataView,
  at: number,
  end: number,
  wireLength: number,
  typeAt: number,
  out: Packet,
): Status {
  let type = view.getUint16(typeAt);
  for (let tags = 0; isVlan(type); tags++) {
    if (tags === LIMITS.vlanTags) return Status.Malformed;
    if (end - at < VLAN_BYTES) return Status.Truncated;
    if (tags === 0) out.vlan = view.getUint16(at) & 0x0fff;
    type = view.getUint16(at + 2);
    at += VLAN_BYTES;
    wireLength -= VLAN_BYTES;
  }
  if (type !== EtherType.Ipv4 && type !== EtherType.Ipv6) return Status.NotIp;
  return decodeIp(view, at, end, wireLength, out);
}

function isVlan(type: number): boolean {
  return type === EtherType.Vlan || type === EtherType.ServiceVlan || type === EtherType.OldServiceVlan;
}

function decodeNullFamily(view: DataView, at: number, end: number, wireLength: number, out: Packet): Status {
  const version = end - at > NULL_BYTES ? view.getUint8(at + NULL_BYTES) >> 4 : 0;
  if (version !== 4 && version !== 6) return Status.NotIp;
  return decodeIp(view, at + NULL_BYTES, end, wireLength - NULL_BYTES, out);
}
