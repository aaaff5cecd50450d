/**
 * A small reader of pcap and pcapng for tests only, written apart from the product's own so that neither can hide the
 * other's faults. Knows Ethernet (VLAN, PPPoE), loopback, raw IP, Linux cooked and PPP links, IPv4 and IPv6, and looks
 * into IP-in-IP, GRE, VXLAN and GTP-U tunnels.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const shared = new URL('../../../../shared/data/', import.meta.url);

/** Path of a file or folder of the data kept beside the repository. */
export function dataPath(name: string): string {
  return fileURLToPath(new URL(name, shared));
}

/** Whether that data is there; tests that need it are skipped where it is not. */
export function hasData(name: string): boolean {
  return existsSync(dataPath(name));
}

/** One IP packet: `at` is where the payload of IP starts in `view`. */
export interface IpPacket {
  readonly view: DataView;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly at: number;
  readonly end: number;
  readonly isLaterFragment: boolean;
}

export interface TcpSegment {
  /** `address:port`, IPv6 in brackets-free full hexadecimal, zero runs kept. */
  readonly source: string;
  readonly destination: string;
  readonly seq: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly payload: Uint8Array;
}

/** Every TCP segment of a capture, in file order. */
export function* tcpSegments(path: string): Generator<TcpSegment> {
  for (const packet of ipPackets(path)) {
    const { view, at, end } = packet;
    if (packet.protocol !== 6 || packet.isLaterFragment || end - at < 20) continue;
    const start = at + (view.getUint8(at + 12) >>> 4) * 4;
    if (start > end) continue;
    const flags = view.getUint8(at + 13);
    yield {
      source: `${addressText(packet.source)}:${view.getUint16(at)}`,
      destination: `${addressText(packet.destination)}:${view.getUint16(at + 2)}`,
      seq: view.getUint32(at + 4),
      syn: (flags & 2) !== 0,
      ack: (flags & 16) !== 0,
      payload: new Uint8Array(view.buffer, view.byteOffset + start, end - start),
    };
  }
}

/** Every IP packet of a capture, in file order, innermost of a tunnel. */
export function* ipPackets(path: string): Generator<IpPacket> {
  for (const { link, view } of frames(path)) {
    const packet = readLink(link, view);
    if (packet !== null) yield packet;
  }
}

/** `1.2.3.4`, or IPv6 as eight groups without leading zeros. */
export function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((address[i]! << 8) | address[i + 1]!).toString(16));
  return groups.join(':');
}

/** The same text for an address in any notation. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

/** The 4 or 16 bytes of an address in any notation. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const groups = canonicalAddress(text).split(':');
  return Uint8Array.from(groups.flatMap((group) => [Number.parseInt(group, 16) >>> 8, Number.parseInt(group, 16)]));
}

interface Frame {
  readonly link: number;
  readonly view: DataView;
}

function* frames(path: string): Generator<Frame> {
  const file = readFileSync(path);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (file.length < 24) return;
  const magic = view.getUint32(0);
  if (magic === 0x0a0d0d0a) yield* blocks(view);
  else yield* records(view, magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1);
}

function* records(view: DataView, little: boolean): Generator<Frame> {
  const link = view.getUint32(20, little) & 0xffff;
  for (let at = 24; at + 16 <= view.byteLength; ) {
    const length = view.getUint32(at + 8, little);
    if (at + 16 + length > view.byteLength) return;
    yield { link, view: slice(view, at + 16, at + 16 + length) };
    at += 16 + length;
  }
}

function* blocks(view: DataView): Generator<Frame> {
  let little = true;
  let links: number[] = [];
  for (let at = 0; at + 12 <= view.byteLength; ) {
    if (view.getUint32(at) === 0x0a0d0d0a) {
      little = view.getUint32(at + 8) === 0x4d3c2b1a;
      links = [];
    }
    const type = view.getUint32(at, little);
    const size = view.getUint32(at + 4, little);
    if (size < 12 || at + size > view.byteLength) return;
    if (type === 1) links.push(view.getUint16(at + 8, little));
    if (type === 6) {
      const length = view.getUint32(at + 20, little);
      const link = links[view.getUint32(at + 8, little)];
      if (link !== undefined && length <= size - 32) yield { link, view: slice(view, at + 28, at + 28 + length) };
    }
    at += size;
  }
}

function readLink(link: number, view: DataView): IpPacket | null {
  const length = view.byteLength;
  if (link === 0) return length < 5 ? null : readIp(view, 4);
  if (link === 1) return length < 14 ? null : readEther(view, 12);
  if (link === 9) return length < 4 ? null : readIp(view, view.getUint16(0) === 0xff03 ? 4 : 2);
  if (link === 101 || link === 228 || link === 229) return readIp(view, 0);
  if (link === 113) return length < 16 ? null : readEther(view, 14);
  if (link === 276) return length < 20 ? null : readIp(view, 20);
  return null;
}

/** `at` is the offset of the EtherType. */
function readEther(view: DataView, at: number): IpPacket | null {
  if (at + 2 > view.byteLength) return null;
  const type = view.getUint16(at);
  if (type === 0x8100 || type === 0x88a8 || type === 0x9100) return readEther(view, at + 4);
  if (type === 0x8864) return readIp(view, at + 10);
  if (type === 0x8847) return readIp(view, at + 6);
  return type === 0x0800 || type === 0x86dd ? readIp(view, at + 2) : null;
}

function readIp(view: DataView, at: number): IpPacket | null {
  if (at + 20 > view.byteLength) return null;
  const version = view.getUint8(at) >>> 4;
  const packet = version === 4 ? readIpv4(view, at) : version === 6 ? readIpv6(view, at) : null;
  return packet === null ? null : (readTunnel(packet) ?? packet);
}

function readIpv4(view: DataView, at: number): IpPacket | null {
  const start = at + (view.getUint8(at) & 15) * 4;
  const total = view.getUint16(at + 2);
  const end = total === 0 ? view.byteLength : Math.min(view.byteLength, at + total);
  if (start > end) return null;
  return {
    view,
    source: bytesOf(view, at + 12, 4),
    destination: bytesOf(view, at + 16, 4),
    protocol: view.getUint8(at + 9),
    at: start,
    end,
    isLaterFragment: (view.getUint16(at + 6) & 0x1fff) !== 0,
  };
}

function readIpv6(view: DataView, at: number): IpPacket | null {
  if (at + 40 > view.byteLength) return null;
  const end = Math.min(view.byteLength, at + 40 + view.getUint16(at + 4));
  const base = { view, source: bytesOf(view, at + 8, 16), destination: bytesOf(view, at + 24, 16), end };
  let protocol = view.getUint8(at + 6);
  let isLaterFragment = false;
  for (at += 40; [0, 43, 44, 60].includes(protocol); ) {
    if (at + 8 > end) return null;
    if (protocol === 44) isLaterFragment = (view.getUint16(at + 2) & 0xfff8) !== 0;
    const size = protocol === 44 ? 8 : 8 + view.getUint8(at + 1) * 8;
    protocol = view.getUint8(at);
    at += size;
  }
  return at > end ? null : { ...base, protocol, at, isLaterFragment };
}

function readTunnel(packet: IpPacket): IpPacket | null {
  const { view, protocol, at, end } = packet;
  if (protocol === 4 || protocol === 41) return readIp(view, at);
  if (protocol === 47 && end - at >= 4) {
    const flags = view.getUint16(at);
    const options = (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
    const inner = view.getUint16(at + 2);
    if (inner === 0x0800 || inner === 0x86dd) return readIp(view, at + 4 + options);
    if (inner === 0x6558) return readEther(view, at + 4 + options + 12);
  }
  if (protocol !== 17 || end - at < 30) return null;
  const port = view.getUint16(at + 2);
  if (port === 4789) return readEther(view, at + 8 + 8 + 12);
  const gtp = view.getUint8(at + 8);
  if (port === 2152 && gtp >>> 4 === 3) return readIp(view, at + 8 + 8 + (gtp & 7 ? 4 : 0));
  return null;
}

function slice(view: DataView, at: number, end: number): DataView {
  return new DataView(view.buffer, view.byteOffset + at, end - at);
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}
