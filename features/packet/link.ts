/**
 * Link layers: from the start of a frame to what it carries.
 * Link type numbers: https://www.tcpdump.org/linktypes.html
 */
import { LIMITS } from '../../core/limits.ts';
import { drop, isVlanType, isVnTagType, Layer, layerOfEtherType, type Step } from './layer.ts';
import { type Packet, Status } from './packet.ts';

export const LinkType = {
  Null: 0,
  Ethernet: 1,
  Ppp: 9,
  RawBsd: 12,
  RawOpenBsd: 14,
  PppSerial: 50,
  Raw: 101,
  Wifi: 105,
  Loop: 108,
  LinuxSll: 113,
  WifiRadiotap: 127,
  Ipv4: 228,
  Ipv6: 229,
  LinuxSll2: 276,
} as const;

/** What the frames of a link type begin with, and its name as libpcap and Wireshark show it. */
const LINKS: Readonly<Record<number, { readonly layer: Layer; readonly name: string }>> = {
  [LinkType.Null]: { layer: Layer.NullFamily, name: 'BSD loopback' },
  [LinkType.Ethernet]: { layer: Layer.Ethernet, name: 'Ethernet' },
  [LinkType.Ppp]: { layer: Layer.Ppp, name: 'PPP' },
  [LinkType.RawBsd]: { layer: Layer.Ip, name: 'raw IP' },
  [LinkType.RawOpenBsd]: { layer: Layer.Ip, name: 'raw IP' },
  [LinkType.PppSerial]: { layer: Layer.Ppp, name: 'PPP over serial' },
  [LinkType.Raw]: { layer: Layer.Ip, name: 'raw IP' },
  [LinkType.Wifi]: { layer: Layer.Wifi, name: 'IEEE 802.11' },
  [LinkType.Loop]: { layer: Layer.NullFamily, name: 'OpenBSD loopback' },
  [LinkType.LinuxSll]: { layer: Layer.LinuxSll, name: 'Linux cooked' },
  [LinkType.WifiRadiotap]: { layer: Layer.Radiotap, name: 'IEEE 802.11 with radiotap' },
  [LinkType.Ipv4]: { layer: Layer.Ip, name: 'raw IPv4' },
  [LinkType.Ipv6]: { layer: Layer.Ip, name: 'raw IPv6' },
  [LinkType.LinuxSll2]: { layer: Layer.LinuxSll2, name: 'Linux cooked v2' },
};

const LINK_TYPES = 0x1_0000;
/** The same layers by number, -1 where there is none: asked once a frame. */
const LAYERS = new Int8Array(LINK_TYPES).fill(-1);
for (const [linkType, { layer }] of Object.entries(LINKS)) LAYERS[Number(linkType)] = layer;

/** The layer that frames of the link type begin with, -1 if it is not read. */
export function layerOfLinkType(linkType: number): Step {
  return LAYERS[linkType] ?? -1;
}

export function linkTypeName(linkType: number): string {
  return LINKS[linkType]?.name ?? `link type ${linkType}, not read`;
}

const ETHERNET_TYPE = 12;
const ETHERNET_BYTES = 14;
const VLAN_BYTES = 4;
const VN_TAG_BYTES = 6;
const SLL_PROTOCOL = 14;
const SLL_BYTES = 16;
const SLL2_PROTOCOL = 0;
const SLL2_BYTES = 20;
const NULL_BYTES = 4;

export function decodeEthernet(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < ETHERNET_BYTES) return drop(Status.Truncated);
  return decodeEtherType(view, at + ETHERNET_BYTES, end, view.getUint16(at + ETHERNET_TYPE), out);
}

export function decodeLinuxSll(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < SLL_BYTES) return drop(Status.Truncated);
  return decodeEtherType(view, at + SLL_BYTES, end, view.getUint16(at + SLL_PROTOCOL), out);
}

export function decodeLinuxSll2(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at < SLL2_BYTES) return drop(Status.Truncated);
  return decodeEtherType(view, at + SLL2_BYTES, end, view.getUint16(at + SLL2_PROTOCOL), out);
}

/**
 * The 4-byte address family differs by system and byte order; the IP version behind it says the same and is reliable.
 */
export function decodeNullFamily(view: DataView, at: number, end: number, out: Packet): Step {
  if (end - at <= NULL_BYTES) return drop(Status.Truncated);
  const version = view.getUint8(at + NULL_BYTES) >> 4;
  if (version !== 4 && version !== 6) return drop(Status.NotIp);
  out.next = at + NULL_BYTES;
  return Layer.Ip;
}

/** Looks through VLAN tags (802.1Q, 802.1ad) and VN-Tags to what `type` announces at `at`. */
export function decodeEtherType(view: DataView, at: number, end: number, type: number, out: Packet): Step {
  for (let tags = 0; isVlanType(type) || isVnTagType(type); tags++) {
    if (tags === LIMITS.vlanTags) return drop(Status.Malformed);
    const isVlan = isVlanType(type);
    const bytes = isVlan ? VLAN_BYTES : VN_TAG_BYTES;
    if (end - at < bytes) return drop(Status.Truncated);
    if (isVlan && out.vlan < 0) out.vlan = view.getUint16(at) & 0x0fff;
    at += bytes;
    type = view.getUint16(at - 2);
  }
  out.next = at;
  const layer = layerOfEtherType(type);
  return layer < 0 ? drop(Status.NotIp) : layer;
}
