/** What is remembered of a flow that speaks TLS, and of each of its two streams; reused from flow to flow. */
import { ContentType } from './constants.ts';
import type { EarlySegments } from './early-segments.ts';

export const StreamMode = {
  /** Out of step: a segment has to begin with a record. */
  Seeking: 0,
  /** The next header is known to be at `next`. */
  Following: 1,
  /** Given up. */
  Silent: 2,
} as const;

/** One direction. What every segment asks for stands in front, in two cache lines. */
export class RecordStream {
  mode: number = StreamMode.Seeking;
  /** Sequence number, as a signed 32-bit integer, of the next byte that is to be read: of a header, or of a body in the clear. */
  next = 0;
  /** A record was read. */
  hasStepped = false;
  /** Version of the last record. */
  version = 0;
  /** Bytes still to be read of a record whose contents are in the clear and wanted. */
  bodyLeft = 0;
  /** Bytes of a header cut by the end of a segment: how many, and what they say. */
  headerHeld = 0;
  /** No handshake message is in the clear any more, or none can be found. */
  isDark = false;
  /** Sent something under the keys of the handshake. */
  isProtected = false;
  /** Segments that came early; null while there are none. */
  early: EarlySegments | null = null;
  /** Records in the log. */
  logged = 0;
  /** Lengths of all records together. */
  bytes = 0;
  /** Records of each type. */
  data = 0;
  handshakes = 0;
  changes = 0;
  alerts = 0;
  heartbeats = 0;
  /** Times that records could not be followed. */
  gaps = 0;

  /** Segments looked at in vain for the beginning of a record. */
  seeks = 0;
  header = 0;
  bodyType = 0;

  /** The last alert in the clear; level 0 while there is none. */
  alertLevel = 0;
  alertDescription = 0;
  /** An alert whose second byte is still to come. */
  alertHeld = 0;

  /** Bytes of a message's header cut by the end of a body: how many, and what they say. */
  headHeld = 0;
  head = 0;
  /** Bytes of a message that nobody wants still to come. */
  skip = 0;
  /** The message that is being put together: its type, its length without header and what there is of it. */
  messageType = 0;
  messageLength = 0;
  messageHeld = 0;
  message: Uint8Array | null = null;

  reset(): void {
    this.mode = StreamMode.Seeking;
    this.next = this.version = this.bodyLeft = this.bodyType = this.headerHeld = this.header = this.seeks = 0;
    this.hasStepped = this.isDark = this.isProtected = false;
    this.alertLevel = this.alertDescription = this.alertHeld = 0;
    this.early = null;
    this.message = null;
    this.headHeld = this.head = this.skip = this.messageType = this.messageLength = this.messageHeld = 0;
    this.clearCounts();
  }

  /** Counts a record of the type. */
  count(type: number): void {
    if (type === ContentType.ApplicationData) this.data++;
    else if (type === ContentType.Handshake) this.handshakes++;
    else if (type === ContentType.ChangeCipherSpec) this.changes++;
    else if (type === ContentType.Alert) this.alerts++;
    else this.heartbeats++;
  }

  /** Another part of the flow begins. */
  clearCounts(): void {
    this.changes = this.alerts = this.handshakes = this.data = this.heartbeats = 0;
    this.bytes = this.gaps = this.logged = 0;
  }

  /** Takes over what a row shows. */
  copyShown(from: RecordStream): void {
    this.changes = from.changes;
    this.alerts = from.alerts;
    this.handshakes = from.handshakes;
    this.data = from.data;
    this.heartbeats = from.heartbeats;
    this.bytes = from.bytes;
    this.gaps = from.gaps;
    this.logged = from.logged;
    this.isProtected = from.isProtected;
    this.alertLevel = from.alertLevel;
    this.alertDescription = from.alertDescription;
  }
}

/**
 * @typeParam Client what is kept of a ClientHello
 * @typeParam Server what is kept of a ServerHello
 * @typeParam Chain what is kept of a Certificate message
 */
export class TlsFlow<Client, Server, Chain> {
  /** Side A's stream and side B's: not in an array, which would be two more places in memory for every segment. */
  readonly streamA = new RecordStream();
  readonly streamB = new RecordStream();
  slot = -1;
  /** A copy for a row: nothing more is read. */
  isFrozen = false;
  /** It is TLS: a hello was read, or a record began where the one before it ended. */
  isCertain = false;
  client: Client | null = null;
  server: Server | null = null;
  /** Runs of the record log (message-log.ts), and records in it. */
  lastRun = -1;
  logged = 0;
  firstRun = -1;
  /** The side that sent the ClientHello (or did not send the ServerHello); -1 until known. */
  clientSide = -1;
  chain: Chain | null = null;
  /** The dialogue before, by number (../starttls.ts). */
  dialogue = 0;
  /** Mark of the client's session id, and whether the server answered with the same. */
  sessionMark = 0;
  isSessionEchoed = false;
  /** A HelloRetryRequest was read, and the group that it asks for, -1 for none. */
  isRetried = false;
  retryGroup = -1;
  /** Group of the ServerKeyExchange (up to TLS 1.2), -1 for none. */
  exchangeGroup = -1;
  /** The server went through its part of a full handshake (up to TLS 1.2). */
  isFull = false;
  /** The server went over to encryption without it. */
  isAbbreviated = false;
  asksCertificate = false;
  hasClientCertificate = false;

  /** The stream of a side. */
  stream(side: number): RecordStream {
    return side === 0 ? this.streamA : this.streamB;
  }

  reset(slot: number): void {
    this.slot = slot;
    this.streamA.reset();
    this.streamB.reset();
    this.isFrozen = this.isCertain = false;
    this.clientSide = -1;
    this.client = this.server = this.chain = null;
    this.dialogue = this.sessionMark = 0;
    this.isSessionEchoed = this.isRetried = this.isFull = this.isAbbreviated = false;
    this.asksCertificate = this.hasClientCertificate = false;
    this.retryGroup = this.exchangeGroup = this.firstRun = this.lastRun = -1;
    this.logged = 0;
  }

  /** Takes over what a row shows, but for the record log. */
  copyShown(from: TlsFlow<Client, Server, Chain>): void {
    this.streamA.copyShown(from.streamA);
    this.streamB.copyShown(from.streamB);
    this.isCertain = from.isCertain;
    this.clientSide = from.clientSide;
    this.client = from.client;
    this.server = from.server;
    this.chain = from.chain;
    this.dialogue = from.dialogue;
    this.isSessionEchoed = from.isSessionEchoed;
    this.isRetried = from.isRetried;
    this.retryGroup = from.retryGroup;
    this.exchangeGroup = from.exchangeGroup;
    this.isFull = from.isFull;
    this.isAbbreviated = from.isAbbreviated;
    this.asksCertificate = from.asksCertificate;
    this.hasClientCertificate = from.hasClientCertificate;
  }
}
