/**
 * The layers of a frame. A decoder reads one of them, writes where the next begins into `packet.next` and returns which
 * it is, or gives up with a drop. One loop (decode.ts) goes from layer to layer, so that any layer may stand in any
 * other without the decoders knowing each other.
 */
import type { Status } from './packet.ts';

export const Layer = {
  /** The packet is decoded. */
  Done: 0,
  Ethernet: 1,
  LinuxSll: 2,
  LinuxSll2: 3,
  NullFamily: 4,
  Ppp: 5,
  Pppoe: 6,
  Mpls: 7,
  Wifi: 8,
  Radiotap: 9,
  Ip: 10,
  Tcp: 11,
  Udp: 12,
  Sctp: 13,
  Icmp: 14,
  Gre: 15,
  Vxlan: 16,
  Geneve: 17,
  GtpU: 18,
  /** Two kinds of frames that carry a whole Ethernet frame behind a tag: 802.1ah, and Cisco's FabricPath. */
  BackboneTag: 19,
  FabricPath: 20,
} as const;
export type Layer = (typeof Layer)[keyof typeof Layer];

/** A Layer, or the negative of a Status where the frame is dropped. */
export type Step = number;

export function drop(status: Status): Step {
  return -status;
}

/** EtherTypes (IEEE 802 numbers) that lead to IP. */
const EtherType = {
  Ipv4: 0x0800,
  TransparentEthernet: 0x6558,
  Vlan: 0x8100,
  Ipv6: 0x86dd,
  MplsUnicast: 0x8847,
  MplsMulticast: 0x8848,
  PppoeSession: 0x8864,
  PppInGre: 0x880b,
  ServiceVlan: 0x88a8,
  OldServiceVlan: 0x9100,
  BackboneTag: 0x88e7,
  FabricPath: 0x8903,
  VnTag: 0x8926,
} as const;

/** The layer that an EtherType announces, -1 if it does not lead to IP. */
export function layerOfEtherType(type: number): Layer | -1 {
  switch (type) {
    case EtherType.Ipv4:
    case EtherType.Ipv6:
      return Layer.Ip;
    case EtherType.MplsUnicast:
    case EtherType.MplsMulticast:
      return Layer.Mpls;
    case EtherType.PppoeSession:
      return Layer.Pppoe;
    case EtherType.PppInGre:
      return Layer.Ppp;
    case EtherType.TransparentEthernet:
      return Layer.Ethernet;
    case EtherType.BackboneTag:
      return Layer.BackboneTag;
    case EtherType.FabricPath:
      return Layer.FabricPath;
    default:
      return -1;
  }
}

export function isVlanType(type: number): boolean {
  return type === EtherType.Vlan || type === EtherType.ServiceVlan || type === EtherType.OldServiceVlan;
}

/** True for the tag of a virtual interface (VN-Tag, 802.1BR): four bytes, and the next type. */
export function isVnTagType(type: number): boolean {
  return type === EtherType.VnTag;
}
