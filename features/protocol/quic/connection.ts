/**
 * The beginning of one QUIC connection: which packets come, and the two hellos in the Initials. The keys of both sides
 * come from the first destination connection id of the client; Retry and version negotiation begin anew with another
 * (RFC 9001 5.2), and a server that changes the version goes on with the first id and the new version's salt (RFC 9369 4.1).
 */
import type { Ciphers } from '../../../core/ciphers.ts';
import { Pieces } from '../pieces.ts';
import { uint24 } from '../tls/bytes.ts';
import { HandshakeType } from '../tls/constants.ts';
import type { HelloReader } from '../tls/hello-reader.ts';
import { cutServerName } from './cut-hello.ts';
import { visitFrames } from './frames.ts';
import { GooglePacket, isGoogleHello, isWholeGoogleHello, readGoogleHello } from './google.ts';
import { InitialSecrets, type PacketKeys } from './initial-keys.ts';
import { QUIC_LIMITS } from './limits.ts';
import { LongHeader, PacketType } from './long-header.ts';
import { openPacket } from './open-packet.ts';
import { QuicSummary } from './summary.ts';
import { clientTransportParameters } from './transport-parameters.ts';
import { Framing, type QuicVersion, quicVersion, quicVersionText } from './versions.ts';

type Side = 0 | 1;

const LONG = 0x80;
/** Handshake header: type and length (RFC 8446 4). */
const MESSAGE_HEADER = 4;
/** Objects and keys of a connection, bytes. */
const BASE_BYTES = 3072;

/** Shared by all connections: nothing in them lasts longer than a packet. */
const header = new LongHeader();
const google = new GooglePacket();

/**
 * Whether `[at, end)` begins like a datagram of a QUIC connection: a long header of a version that is known (or reserved,
 * in a datagram as long as a client's first; or a negotiation that offers one) whose lengths fit the datagram.
 */
export function looksLikeQuic(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  if (at >= end) return false;
  if ((bytes[at]! & LONG) === 0) return google.read(bytes, at, end);
  if (!header.read(bytes, at, end, wireEnd)) return google.read(bytes, at, end);
  if (header.type === PacketType.VersionNegotiation) return header.offersKnownVersion(bytes, end);
  // RFC 9000 7.2: the client's first choice of the id has at least 8 bytes.
  if (header.type === PacketType.Unknown) {
    return header.dcidLength >= 8 && wireEnd - at >= QUIC_LIMITS.clientDatagramBytes;
  }
  return true;
}

/**
 * @typeParam Client what is kept of the ClientHello
 * @typeParam Server what is kept of the ServerHello
 */
export class QuicConnection<Client, Server> {
  /** Replaced by its copy where a flow is cut. */
  summary = new QuicSummary<Client, Server>();
  /** Nothing more is wanted. */
  isOver = false;
  /** Packets that were not tried because a limit was hit. */
  untried = 0;

  readonly #ciphers: Ciphers;
  readonly #hellos: HelloReader<Client, Server>;
  /** Sender of the first packet until something proves who the client is. */
  #clientSide: Side;
  #isSure = false;
  #hasServerSpoken = false;
  #datagrams = 0;
  #openings = 0;
  #openingsHere = 0;
  #derivations = 0;
  /** Those that opened the client's packet, or would. */
  #secrets: InitialSecrets | null = null;
  /** Those of the server, if another version or id gave them. */
  #serverSecrets: InitialSecrets | null = null;
  /** The client's id after a Retry or a negotiation. */
  #laterDcid: Uint8Array | null = null;
  #laterVersion: QuicVersion | null = null;
  /** Bytes of hellos that came in pieces. */
  #clientPieces: Pieces | null = null;
  #serverPieces: Pieces | null = null;
  /** The hello was read, or is none. */
  #isClientDone = false;
  #isServerDone = false;
  #hasClientMovedOn = false;
  /** Of the packet whose frames are being visited. */
  #visitsClient = false;
  #visitsCut = false;
  #visitedVersion: QuicVersion | null = null;

  constructor(ciphers: Ciphers, hellos: HelloReader<Client, Server>, firstSender: Side) {
    this.#ciphers = ciphers;
    this.#hellos = hellos;
    this.#clientSide = firstSender;
  }

  /** Memory that it takes. */
  get bytes(): number {
    return BASE_BYTES + (this.#clientPieces?.bytes.length ?? 0) + (this.#serverPieces?.bytes.length ?? 0);
  }

  /** Takes the captured part `bytes[at, end)` of a datagram that ended at `wireEnd` on the wire. */
  datagram(side: Side, bytes: Uint8Array, at: number, end: number, wireEnd: number): void {
    const wireLength = wireEnd - at;
    this.#openingsHere = 0;
    // RFC 9000 12.2: packets with long headers may share a datagram; one with a short header ends it.
    while (at < end && (bytes[at]! & LONG) !== 0 && header.read(bytes, at, end, wireEnd)) {
      this.#packet(side, bytes, end, wireLength);
      // Cut off within the header.
      if (header.packetEnd === 0) break;
      at = header.packetEnd;
    }
    if (at < end && wireEnd - at === wireLength) this.#notLong(side, bytes, at, end);
    if (++this.#datagrams >= QUIC_LIMITS.datagrams) this.isOver = true;
    // RFC 9001 4.9.1: a client sends no Initials once it has sent a Handshake packet.
    if (this.#hasClientMovedOn && this.#isClientDone && this.#isServerDone) this.isOver = true;
  }

  /** A datagram that begins with no long header: Google's own, or one of the connection established. */
  #notLong(side: Side, bytes: Uint8Array, at: number, end: number): void {
    if (google.read(bytes, at, end)) this.#google(side, bytes, end);
    else if ((bytes[at]! & LONG) === 0 && side === this.#clientSide && this.#hasServerSpoken) this.isOver = true;
  }

  #google(side: Side, bytes: Uint8Array, end: number): void {
    const { summary } = this;
    const text = `Q0${String(google.version).padStart(2, '0')}`;
    if (side === this.#clientSide) summary.clientVersion ??= text;
    summary.version = text;
    if (summary.clientDcidLength < 0 && side === this.#clientSide) {
      summary.clientDcidLength = google.connectionIdLength;
      summary.clientScidLength = 0;
    }
    const hello = google.hello(bytes, end);
    if (hello === null) return;
    summary.plainName = hello.name;
    summary.plainUserAgent = hello.userAgent;
    this.isOver = true;
  }

  #packet(side: Side, bytes: Uint8Array, end: number, wireLength: number): void {
    const { summary } = this;
    switch (header.type) {
      case PacketType.VersionNegotiation:
        summary.hasNegotiation = true;
        this.#proveServer(side);
        return;
      case PacketType.Retry:
        summary.hasRetry = true;
        this.#proveServer(side);
        break;
      case PacketType.ZeroRtt:
        summary.hasZeroRtt = true;
        break;
      case PacketType.Initial:
        this.#initial(side, bytes, end, wireLength);
        break;
    }
    this.#noteHeader(side);
    if (header.type === PacketType.Handshake && side === this.#clientSide) this.#hasClientMovedOn = true;
  }

  /** Versions and lengths of connection ids. */
  #noteHeader(side: Side): void {
    const { summary } = this;
    const text = quicVersionText(header.version);
    if (side === this.#clientSide) {
      summary.clientVersion ??= text;
      if (!this.#hasServerSpoken || header.type === PacketType.Initial) summary.version = this.#versionInUse(text);
      if (summary.clientDcidLength < 0) summary.clientDcidLength = header.dcidLength;
      if (summary.clientScidLength < 0) summary.clientScidLength = header.scidLength;
      return;
    }
    summary.version = text;
    if (header.type === PacketType.Retry) return;
    this.#hasServerSpoken = true;
    if (summary.serverScidLength < 0) summary.serverScidLength = header.scidLength;
  }

  #versionInUse(clients: string): string {
    return this.#hasServerSpoken && this.summary.version !== null ? this.summary.version : clients;
  }

  #initial(side: Side, bytes: Uint8Array, end: number, wireLength: number): void {
    const version = quicVersion(header.version)!;
    if (side === this.#clientSide) this.#clientInitial(version, bytes, end, wireLength);
    else if (!this.#serverInitial(version, bytes, end) && !this.#isSure) {
      // The capture may have begun with the server.
      if (this.#openFresh(version, bytes, end, wireLength)) this.#proveServer(side === 0 ? 1 : 0);
    }
    if (side === this.#clientSide) this.summary.clientInitials++;
    else this.summary.serverInitials++;
  }

  #clientInitial(version: QuicVersion, bytes: Uint8Array, end: number, wireLength: number): void {
    const secrets = this.#secrets;
    const isNew = secrets === null || secrets.version !== version || !isAt(secrets.dcid, bytes, header);
    if (this.#isClientDone) {
      if (isNew && !this.#isServerDone) this.#keepLater(version, bytes);
      return;
    }
    if (secrets !== null && secrets.version === version && this.#open(secrets.client, true, version, bytes, end))
      return;
    if (isNew) this.#openFresh(version, bytes, end, wireLength);
  }

  /** Tries the packet as a client's first; true if it is one. */
  #openFresh(version: QuicVersion, bytes: Uint8Array, end: number, wireLength: number): boolean {
    if (wireLength < QUIC_LIMITS.clientDatagramBytes) return false;
    const secrets = this.#derive(version, dcidOf(bytes));
    if (secrets === null) return false;
    const before = this.#clientPieces;
    this.#clientPieces = null;
    if (this.#open(secrets.client, true, version, bytes, end)) {
      this.#secrets = secrets;
      this.#isSure = true;
      return true;
    }
    this.#clientPieces = before;
    return false;
  }

  /** The client has chosen another id: it may be the one that counts, or the server's. */
  #keepLater(version: QuicVersion, bytes: Uint8Array): void {
    if (this.#laterDcid !== null && isAt(this.#laterDcid, bytes, header) && this.#laterVersion === version) return;
    this.#laterDcid = dcidOf(bytes);
    this.#laterVersion = version;
  }

  #serverInitial(version: QuicVersion, bytes: Uint8Array, end: number): boolean {
    if (this.#isServerDone) return true;
    const known = this.#serverSecrets;
    if (known !== null && known.version === version && this.#open(known.server, false, version, bytes, end))
      return true;
    const first = this.#secrets;
    if (first === null) return false;
    const fitting = first.version === version ? first : this.#derive(version, first.dcid);
    if (fitting !== null && fitting !== known && this.#openServer(fitting, bytes, end)) return true;
    if (this.#laterDcid === null || this.#laterVersion !== version) return false;
    const later = this.#derive(version, this.#laterDcid);
    return later !== null && this.#openServer(later, bytes, end);
  }

  #openServer(secrets: InitialSecrets, bytes: Uint8Array, end: number): boolean {
    if (!this.#open(secrets.server, false, secrets.version, bytes, end)) return false;
    this.#serverSecrets = secrets;
    this.#isSure = true;
    return true;
  }

  #derive(version: QuicVersion, dcid: Uint8Array): InitialSecrets | null {
    if (this.#derivations >= QUIC_LIMITS.secrets) {
      this.untried++;
      return null;
    }
    this.#derivations++;
    return new InitialSecrets(this.#ciphers, version, dcid);
  }

  #open(keys: PacketKeys, isClients: boolean, version: QuicVersion, bytes: Uint8Array, end: number): boolean {
    if (this.#openings >= QUIC_LIMITS.openings || this.#openingsHere >= QUIC_LIMITS.openingsPerDatagram) {
      this.untried++;
      return false;
    }
    this.#openings++;
    this.#openingsHere++;
    const text = openPacket(this.#ciphers, keys, bytes, header, end);
    if (text === null) return false;
    this.#visitsClient = isClients;
    this.#visitedVersion = version;
    const isCut = header.packetEnd > end;
    this.#visitsCut = isCut;
    return visitFrames(text, version.framing, isCut, this) || !isCut;
  }

  /** Part of FrameVisitor. */
  close(error: number): void {
    this.summary.closeError ??= error;
  }

  /** Part of FrameVisitor. */
  crypto(offset: number, bytes: Uint8Array, at: number, end: number): void {
    if (this.#visitsClient ? this.#isClientDone : this.#isServerDone) return;
    let pieces = this.#visitsClient ? this.#clientPieces : this.#serverPieces;
    if (pieces === null) {
      // Nearly every hello is whole in the first frame: it is read where it lies.
      if (offset === 0 && this.#hello(bytes, at, end)) return;
      pieces = new Pieces();
      if (this.#visitsClient) this.#clientPieces = pieces;
      else this.#serverPieces = pieces;
    }
    if (!pieces.put(offset, bytes, at, end)) return;
    if (pieces.ready === 0) return;
    if (this.#hello(pieces.bytes, 0, pieces.ready)) this.#freePieces();
    else if (this.#visitsCut && this.#visitsClient) {
      this.summary.plainName ??= cutServerName(pieces.bytes, MESSAGE_HEADER, pieces.ready);
    }
  }

  #freePieces(): void {
    if (this.#visitsClient) this.#clientPieces = null;
    else this.#serverPieces = null;
  }

  /** Reads the hello that the stream begins with; false if more of it is wanted. */
  #hello(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at < MESSAGE_HEADER) return false;
    const isClients = this.#visitsClient;
    const { framing, hasShortParameters } = this.#visitedVersion!;
    if (framing === Framing.Google && isClients && isGoogleHello(bytes, at, end))
      return this.#googleHello(bytes, at, end);
    const body = at + MESSAGE_HEADER;
    const helloEnd = body + uint24(bytes, at + 1);
    const isHello = bytes[at] === (isClients ? HandshakeType.ClientHello : HandshakeType.ServerHello);
    if (isHello && helloEnd > end) return false;
    if (isClients) {
      this.#isClientDone = true;
      if (!isHello) return true;
      this.summary.client = this.#hellos.client(bytes, body, helloEnd);
      this.summary.parameters = clientTransportParameters(bytes, body, helloEnd, hasShortParameters);
      return true;
    }
    this.#isServerDone = true;
    if (isHello) this.summary.server = this.#hellos.server(bytes, body, helloEnd);
    return true;
  }

  #googleHello(bytes: Uint8Array, at: number, end: number): boolean {
    if (!isWholeGoogleHello(bytes, at, end)) return false;
    const hello = readGoogleHello(bytes, at, end);
    this.summary.plainName = hello?.name ?? null;
    this.summary.plainUserAgent = hello?.userAgent ?? null;
    this.#isClientDone = true;
    // Its server answers with nothing that is kept.
    this.#isServerDone = true;
    return true;
  }

  /** The sender is the server: whoever was taken for it is the client. */
  #proveServer(side: Side): void {
    this.#isSure = true;
    if (side !== this.#clientSide) return;
    const { summary } = this;
    this.#clientSide = side === 0 ? 1 : 0;
    [summary.clientInitials, summary.serverInitials] = [summary.serverInitials, summary.clientInitials];
    summary.serverScidLength = summary.clientScidLength;
    summary.clientDcidLength = summary.clientScidLength = -1;
    summary.clientVersion = null;
  }
}

/** A copy of the destination connection id of the packet at hand. */
function dcidOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice(header.dcidAt, header.dcidAt + header.dcidLength);
}

function isAt(id: Uint8Array, bytes: Uint8Array, { dcidAt, dcidLength }: LongHeader): boolean {
  if (id.length !== dcidLength) return false;
  for (let i = 0; i < dcidLength; i++) if (id[i] !== bytes[dcidAt + i]) return false;
  return true;
}
