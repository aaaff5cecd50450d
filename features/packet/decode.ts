/** From a frame to a packet: one loop that goes from layer to layer. */
import { LIMITS } from '../../core/limits.ts';
import { decodeBackboneTag, decodeFabricPath, decodeMpls, decodePpp, decodePppoe } from './carrier.ts';
import { decodeIcmp } from './icmp.ts';
import { decodeIp } from './ip.ts';
import { Layer, type Step } from './layer.ts';
import { decodeEthernet, decodeLinuxSll, decodeLinuxSll2, decodeNullFamily, layerOfLinkType } from './link.ts';
import { type Packet, Status, Tunnel } from './packet.ts';
import { decodeSctp } from './sctp.ts';
import { decodeTcp } from './tcp.ts';
import { decodeGeneve, decodeGre, decodeGtpU, decodeVxlan } from './tunnel.ts';
import { decodeUdp } from './udp.ts';
import { decodeRadiotap, decodeWifi } from './wifi.ts';

/**
 * Decodes the frame `view[at, end)`, whose wire length is `wireLength`, into `out`. What is inside a tunnel is the
 * packet; if what a datagram carries does not decode, the outermost datagram is.
 */
export function decodeFrame(
  view: DataView,
  at: number,
  end: number,
  wireLength: number,
  linkType: number,
  out: Packet,
): Status {
  const first = layerOfLinkType(linkType);
  if (first < 0) return Status.UnknownLink;
  out.lookThrough = true;
  const status = decodeLayers(view, at, end, wireLength, first, out);
  if (status === Status.Ok || !out.isInDatagram) return status;
  out.lookThrough = false;
  return decodeLayers(view, at, end, wireLength, first, out);
}

function decodeLayers(view: DataView, at: number, end: number, wireLength: number, first: Step, out: Packet): Status {
  out.view = view;
  out.vlan = -1;
  out.tunnel = Tunnel.None;
  out.isInDatagram = false;
  out.limit = at + (wireLength < LIMITS.wireBytes ? wireLength : LIMITS.wireBytes);
  let layer: Step = first;
  for (let depth = 0; depth < LIMITS.layers; depth++) {
    layer = decodeLayer(layer, view, at, end, out);
    if (layer <= Layer.Done) return layer === Layer.Done ? Status.Ok : (-layer as Status);
    at = out.next;
  }
  return Status.TooDeep;
}

function decodeLayer(layer: Step, view: DataView, at: number, end: number, out: Packet): Step {
  switch (layer) {
    case Layer.Ethernet:
      return decodeEthernet(view, at, end, out);
    case Layer.Ip:
      return decodeIp(view, at, end, out);
    case Layer.Tcp:
      return decodeTcp(view, at, end, out);
    case Layer.Udp:
      return decodeUdp(view, at, end, out);
    case Layer.LinuxSll:
      return decodeLinuxSll(view, at, end, out);
    case Layer.LinuxSll2:
      return decodeLinuxSll2(view, at, end, out);
    case Layer.NullFamily:
      return decodeNullFamily(view, at, end, out);
    case Layer.Ppp:
      return decodePpp(view, at, end, out);
    case Layer.Pppoe:
      return decodePppoe(view, at, end, out);
    case Layer.Mpls:
      return decodeMpls(view, at, end, out);
    case Layer.BackboneTag:
      return decodeBackboneTag(view, at, end, out);
    case Layer.FabricPath:
      return decodeFabricPath(view, at, end, out);
    case Layer.Wifi:
      return decodeWifi(view, at, end, out);
    case Layer.Radiotap:
      return decodeRadiotap(view, at, end, out);
    case Layer.Sctp:
      return decodeSctp(view, at, end, out);
    case Layer.Icmp:
      return decodeIcmp(view, at, end, out);
    case Layer.Gre:
      return decodeGre(view, at, end, out);
    case Layer.Vxlan:
      return decodeVxlan(view, at, end, out);
    case Layer.Geneve:
      return decodeGeneve(view, at, end, out);
    default:
      return decodeGtpU(view, at, end, out);
  }
}
