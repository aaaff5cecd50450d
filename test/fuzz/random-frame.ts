/**
 * Frames that are right in form and wild in values: link, carrier, network, tunnel and transport headers inside each
 * other, with fields that mostly hold what they should, so that decoding goes deep, and sometimes anything.
 */
import type { Prng } from '../../core/prng.ts';
import { SAID } from './conversations.ts';

/** Room for a frame; what does not fit is left out. */
export const FRAME_ROOM = 2048;

const LINK_TYPES = [0, 1, 1, 1, 1, 9, 12, 14, 50, 101, 105, 108, 113, 127, 228, 229, 276] as const;
const MOST_LAYERS = 24;
const ETHER_IP4 = 0x0800;
const ETHER_IP6 = 0x86dd;
const VLAN_TYPES = [0x8100, 0x88a8, 0x9100] as const;
const EXTENSIONS = [0, 43, 44, 51, 60] as const;
const PORTS = [22, 53, 80, 443, 2152, 4789, 5353, 6081, 40_000, 40_001] as const;
const LENGTHS = [0, 1, 7, 8, 19, 20, 21, 39, 40, 0x7fff, 0xffff] as const;

type Writer = () => void;

export class RandomFrame {
  readonly bytes = new Uint8Array(FRAME_ROOM);
  readonly #view = new DataView(this.bytes.buffer);
  #random: Prng;
  #at = 0;
  #layers = 0;
  length = 0;
  linkType = 1;

  constructor(random: Prng) {
    this.#random = random;
  }

  /** Makes the next frame: `bytes[0, length)` of `linkType`. */
  next(random: Prng): void {
    this.#random = random;
    this.#at = 0;
    this.#layers = 0;
    this.linkType = random.chance(0.01) ? random.below(300) : random.pick(LINK_TYPES);
    this.#link();
    this.length = random.chance(0.15) ? random.below(this.#at + 1) : this.#at;
  }

  #link(): void {
    const writers: Readonly<Record<number, Writer>> = {
      0: () => this.#nullFamily(),
      1: () => this.#ethernet(),
      9: () => this.#ppp(),
      50: () => this.#ppp(),
      105: () => this.#wifi(),
      108: () => this.#nullFamily(),
      113: () => this.#linuxSll(),
      127: () => this.#radiotap(),
      276: () => this.#linuxSll2(),
    };
    (writers[this.linkType] ?? (() => this.#ip()))();
  }

  #nullFamily(): void {
    this.#u32(this.#random.pick([2, 24, 28, 30, 0x0200_0000]));
    this.#ip();
  }

  #linuxSll(): void {
    this.#zeros(14);
    this.#etherType();
  }

  /** The type comes first. */
  #linuxSll2(): void {
    const type = this.#at;
    this.#zeros(20);
    this.#afterType(type);
  }

  #radiotap(): void {
    const length = this.#mostly(8 + 4 * this.#random.below(4), 0x1_0000);
    this.#u16(0);
    this.#u16(((length & 0xff) << 8) | (length >> 8));
    this.#zeros(Math.min(Math.max(length, 8), 64) - 4);
    this.#wifi();
  }

  #ethernet(): void {
    this.#zeros(12);
    this.#etherType();
  }

  #wifi(): void {
    const random = this.#random;
    const qos = random.chance(0.5);
    const four = random.chance(0.3);
    this.#u8(this.#mostly(qos ? 0x88 : 0x08, 256));
    this.#u8((four ? 3 : random.below(3)) | (random.chance(0.05) ? 0x40 : 0));
    this.#zeros(22 + (four ? 6 : 0) + (qos ? 2 : 0));
    this.#u32(this.#mostly(0xaaaa0300, 2 ** 32));
    this.#u16(0);
    this.#etherType();
  }

  /** An EtherType and what it announces. */
  #etherType(): void {
    const type = this.#at;
    this.#u16(0);
    this.#afterType(type);
  }

  /** What follows an EtherType that stands at `type`. */
  #afterType(type: number): void {
    if (this.#isFull()) return;
    const random = this.#random;
    const [number, write] = random.pickWeighted<readonly [number, Writer]>([
      { weight: 5, value: [ETHER_IP4, () => this.#ip4()] },
      { weight: 5, value: [ETHER_IP6, () => this.#ip6()] },
      { weight: 2, value: [random.pick(VLAN_TYPES), () => this.#vlan()] },
      { weight: 1, value: [random.pick([0x8847, 0x8848]), () => this.#mpls()] },
      { weight: 1, value: [0x8864, () => this.#pppoe()] },
      { weight: 1, value: [0x880b, () => this.#ppp()] },
      { weight: 1, value: [0x6558, () => this.#ethernet()] },
      { weight: 0.2, value: [random.below(0x1_0000), () => this.#noise(random.below(64))] },
    ]);
    this.#view.setUint16(type, number);
    write();
  }

  #vlan(): void {
    this.#u16(this.#random.below(0x1_0000));
    this.#etherType();
  }

  #mpls(): void {
    for (let labels = this.#random.below(10); labels > 0; labels--) this.#u32(this.#random.uint32() & ~0x100);
    this.#u32(this.#random.uint32() | 0x100);
    if (this.#random.chance(0.3)) {
      this.#u32(0);
      this.#ethernet();
    } else this.#ip();
  }

  #pppoe(): void {
    this.#u16(0x1100);
    this.#u16(this.#random.below(0x1_0000));
    this.#u16(this.#mostly(100, 0x1_0000));
    this.#ppp();
  }

  #ppp(): void {
    if (this.#random.chance(0.5)) this.#u16(0xff03);
    const six = this.#random.chance(0.5);
    const number = this.#mostly(six ? 0x57 : 0x21, 0x1_0000);
    if (this.#random.chance(0.3)) this.#u8(number);
    else this.#u16(number);
    if (six) this.#ip6();
    else this.#ip4();
  }

  #ip(): void {
    if (this.linkType === 229 || this.#random.chance(0.5)) this.#ip6();
    else this.#ip4();
  }

  #ip4(): void {
    if (this.#isFull()) return;
    const random = this.#random;
    const at = this.#at;
    const words = random.chance(0.2) ? random.integer(5, 15) : 5;
    this.#u8(0x40 | this.#mostly(words, 16));
    this.#u8(0);
    this.#u16(0);
    this.#u16(random.below(4));
    this.#u16(this.#fragment());
    this.#u8(64);
    const protocol = this.#at;
    this.#u8(0);
    this.#u16(0);
    this.#u32(0x0a00_0000 | random.below(8));
    this.#u32(0x0a00_0000 | random.below(8));
    this.#noise(words * 4 - 20);
    this.#transport((number) => this.#view.setUint8(protocol, number), 1);
    this.#view.setUint16(at + 2, this.#length(this.#at - at));
  }

  #fragment(): number {
    const random = this.#random;
    return random.chance(0.85) ? 0x4000 : random.pick([0x2000, 0x2000, 0x2001, 1, 185, 0x1fff, 0x3fff]);
  }

  #ip6(): void {
    if (this.#isFull()) return;
    const random = this.#random;
    const at = this.#at;
    this.#u32(0x6000_0000);
    this.#u16(0);
    let next = this.#at;
    this.#u8(0);
    this.#u8(64);
    for (let address = 0; address < 2; address++) {
      this.#zeros(15);
      this.#u8(random.below(8));
    }
    const headers = random.chance(0.7) ? 0 : random.integer(1, 10);
    for (let i = 0; i < headers && !this.#isFull(); i++) {
      const kind = random.pick(EXTENSIONS);
      this.#view.setUint8(next, kind);
      next = this.#at;
      this.#extension(kind);
    }
    const field = next;
    this.#transport((number) => this.#view.setUint8(field, number), 58);
    this.#view.setUint16(at + 4, this.#length(this.#at - at - 40));
  }

  #extension(kind: number): void {
    const random = this.#random;
    this.#u8(59);
    if (kind === 44) {
      this.#u8(0);
      this.#u16(random.chance(0.5) ? random.below(2) : random.below(0x1_0000));
      this.#u32(random.below(4));
      return;
    }
    const units = random.below(3);
    this.#u8(this.#mostly(units, 256));
    this.#noise(kind === 51 ? (units + 2) * 4 - 2 : (units + 1) * 8 - 2);
  }

  /** @param icmp the number of the ICMP that belongs to the IP around it */
  #transport(announce: (protocol: number) => void, icmp: number): void {
    const random = this.#random;
    const [number, write] = random.pickWeighted<readonly [number, Writer]>([
      { weight: 4, value: [6, () => this.#tcp()] },
      { weight: 5, value: [17, () => this.#udp()] },
      { weight: 1, value: [132, () => this.#noise(random.below(40))] },
      { weight: 1, value: [icmp, () => this.#icmp()] },
      { weight: 1, value: [4, () => this.#ip4()] },
      { weight: 1, value: [41, () => this.#ip6()] },
      { weight: 2, value: [47, () => this.#gre()] },
      { weight: 0.2, value: [random.below(256), () => this.#noise(random.below(64))] },
    ]);
    announce(number);
    write();
  }

  #tcp(): void {
    const random = this.#random;
    this.#u16(random.pick(PORTS));
    this.#u16(random.pick(PORTS));
    this.#u32(random.chance(0.5) ? random.below(2000) : random.uint32());
    this.#u32(random.uint32());
    const words = random.chance(0.2) ? random.integer(5, 15) : 5;
    this.#u8(this.#mostly(words, 16) << 4);
    this.#u8(random.chance(0.7) ? random.pick([0x02, 0x12, 0x10, 0x18, 0x11, 0x04]) : random.below(256));
    this.#u16(random.below(0x1_0000));
    this.#u32(0);
    this.#noise(words * 4 - 20);
    if (random.chance(0.3)) this.#tlsRecord();
    else if (random.chance(0.6)) this.#said(SAID.tcp);
    else this.#noise(random.below(200));
  }

  /** A handshake record whose lengths are often near the truth. */
  #tlsRecord(): void {
    const random = this.#random;
    const body = random.below(300);
    this.#u8(this.#mostly(0x16, 256));
    this.#u16(this.#mostly(0x0301, 0x1_0000));
    this.#u16(this.#mostly(body + 4, 0x1_0000));
    this.#u8(random.pick([1, 2, 11, 4]));
    this.#u8(0);
    this.#u16(this.#mostly(body, 0x1_0000));
    this.#u16(0x0303);
    this.#noise(32);
    this.#u8(this.#mostly(0, 256));
    this.#u16(this.#mostly(4, 0x1_0000));
    this.#u32(0x1301_1302);
    this.#u8(1);
    this.#u8(0);
    this.#u16(this.#mostly(body > 60 ? body - 46 : 8, 0x1_0000));
    for (let extensions = random.below(6); extensions > 0; extensions--) {
      const length = random.below(24);
      this.#u16(random.pick([0, 10, 11, 13, 16, 43, 45, 51, 0x0a0a, 0xff01]));
      this.#u16(this.#mostly(length, 0x1_0000));
      if (length >= 2) this.#u16(length - 2);
      this.#noise(length - 2);
    }
  }

  #udp(): void {
    if (this.#isFull()) return;
    const random = this.#random;
    const at = this.#at;
    const port = random.pick(PORTS);
    this.#u16(random.pick(PORTS));
    this.#u16(port);
    this.#u16(0);
    this.#u16(0);
    if (port === 4789) this.#vxlan();
    else if (port === 6081) this.#geneve();
    else if (port === 2152) this.#gtp();
    else if (random.chance(0.6)) this.#said(SAID.udp);
    else this.#noise(random.below(100));
    this.#view.setUint16(at + 4, this.#length(this.#at - at));
  }

  /** What a protocol says, a little of it changed: so that its headers are wrong, not only those below. */
  #said(payloads: readonly Uint8Array[]): void {
    const random = this.#random;
    const whole = random.pick(payloads);
    // Cut off where frames end, and sometimes where it hurts.
    const wanted = random.chance(0.9) ? whole.length : random.below(whole.length + 1);
    const length = Math.min(wanted, FRAME_ROOM - this.#at);
    const end = this.#at + length;
    this.bytes.set(whole.subarray(0, length), this.#at);
    for (let changes = random.below(4); changes > 0 && length > 0; changes--) {
      const at = random.integer(this.#at, end - 1);
      this.bytes[at] = random.chance(0.5) ? random.pick([0, 1, 0x0a, 0x3f, 0x7f, 0x80, 0xc0, 0xff]) : random.uint32();
    }
    this.#at = end;
  }

  #icmp(): void {
    this.#u8(this.#random.pick([0, 3, 8, 11, 13, 128, 129, 135, 255]));
    this.#u8(this.#random.below(16));
    this.#noise(this.#random.below(64));
  }

  #gre(): void {
    const random = this.#random;
    const flags = random.chance(0.8)
      ? random.pick([0, 0x2000, 0x1000, 0xb000, 0x3001, 0x3081])
      : random.below(0x1_0000);
    this.#u16(flags);
    const erspan = random.chance(0.2);
    const type = this.#at;
    this.#u16(0x88be);
    for (const flag of [0x8000, 0x2000, 0x1000]) if ((flags & flag) !== 0) this.#u32(random.uint32());
    if ((flags & 0x0080) !== 0) this.#u32(0);
    if (erspan) {
      if ((flags & 0x1000) !== 0) this.#zeros(8);
      this.#ethernet();
    } else this.#afterType(type);
  }

  #vxlan(): void {
    this.#u32(this.#mostly(0x0800_0000, 2 ** 32));
    this.#u32(this.#random.below(256) << 8);
    this.#ethernet();
  }

  #geneve(): void {
    const words = this.#random.below(4);
    this.#u8(this.#mostly(words, 256));
    this.#u8(0);
    const type = this.#at;
    this.#u16(0);
    this.#u32(0);
    this.#noise(words * 4);
    this.#afterType(type);
  }

  #gtp(): void {
    const random = this.#random;
    const flags = this.#mostly(random.pick([0x30, 0x32, 0x34]), 256);
    this.#u8(flags);
    this.#u8(this.#mostly(255, 256));
    this.#u16(0);
    this.#u32(1);
    if ((flags & 7) !== 0) {
      this.#zeros(3);
      let extensions = (flags & 4) === 0 ? 0 : random.below(5);
      for (; extensions > 0; extensions--) {
        this.#u8(0x85);
        this.#u8(this.#mostly(1, 256));
        this.#zeros(2);
      }
      this.#u8(0);
    }
    this.#ip();
  }

  /** The value in nineteen of twenty cases, else anything below the bound. */
  #mostly(value: number, bound: number): number {
    return this.#random.chance(0.95) ? value : this.#random.below(bound);
  }

  #length(right: number): number {
    const random = this.#random;
    if (random.chance(0.85)) return right & 0xffff;
    return random.chance(0.5) ? random.pick(LENGTHS) : Math.max(0, right + random.integer(-20, 20)) & 0xffff;
  }

  /** Counts a layer; true where no more is to be added. */
  #isFull(): boolean {
    return ++this.#layers > MOST_LAYERS || this.#at > FRAME_ROOM - 512;
  }

  #zeros(count: number): void {
    this.bytes.fill(0, this.#at, this.#at + count);
    this.#at += count;
  }

  #noise(count: number): void {
    for (let i = 0; i < count; i++) this.#u8(this.#random.uint32());
  }

  #u8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  #u16(value: number): void {
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  #u32(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }
}
