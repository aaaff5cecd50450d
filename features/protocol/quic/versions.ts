/**
 * Versions of QUIC, and what opening their Initial packets depends on. The salts are constants of each specification:
 * RFC 9001 5.2, RFC 9369 3.3.1, draft-ietf-quic-tls-22, -23, -29 (5.2 of each); those of Google are from Chromium
 * (quiche, quic/core/crypto/crypto_utils.cc), those of Facebook's mvfst are the drafts'.
 */

/** How packets are laid out inside. */
export const Framing = {
  /** Frames of RFC 9000 19; a TLS handshake in CRYPTO frames. */
  Ietf: 0,
  /** Packets of the drafts with Google's frames inside; Google's own handshake or TLS in them (Q050, T050, T051). */
  Google: 1,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

export interface QuicVersion {
  readonly text: string;
  readonly salt: Uint8Array;
  /** Prefix of the labels of packet keys: `quic` or `quicv2`. */
  readonly label: string;
  /** What is added to the packet types of the header: RFC 9369 3.2 moved them on by one. */
  readonly typeShift: number;
  readonly framing: Framing;
  /** Before draft 27 transport parameters had lengths and ids of 16 bits. */
  readonly hasShortParameters: boolean;
}

const SALT_22 = salt('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a');
const SALT_23 = salt('c3eef712c72ebb5a11a7d2432bb46365bef9f502');
const SALT_29 = salt('afbfec289993d24c9e9786f19c6111e04390a899');
const SALT_1 = salt('38762cf7f55934b34d179ae6a4c80cadccbb7f0a');
const SALT_2_DRAFT = salt('a707c203a59b47184a1d62ca570406ea7ae3e5d3');
const SALT_2 = salt('0dede3def700a6db819381be6e269dcbf9bd2ed9');
const SALT_Q050 = salt('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45');
const SALT_T050 = salt('7ff579e5acd072915580304c43a2367c60488310');
const SALT_T051 = salt('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d');

const FIRST_DRAFT = 22;
const LAST_DRAFT = 34;
/** draft-ietf-quic-transport-22 15: drafts are 0xff000000 plus their number. */
const DRAFT = 0xff000000;

const KNOWN: ReadonlyMap<number, QuicVersion> = new Map<number, QuicVersion>([
  [0x00000001, ietf('1', SALT_1)],
  [0x6b3343cf, second('2', SALT_2)],
  [0x709a50c4, second('2-draft', SALT_2_DRAFT)],
  ...drafts(),
  [0xfaceb001, ietf('mvfst-22', SALT_22, true)],
  [0xfaceb002, ietf('mvfst-27', SALT_23)],
  [0xfaceb00e, ietf('mvfst-experimental', SALT_23)],
  [0xfaceb010, ietf('mvfst-alias', SALT_23)],
  [0x51303530, google('Q050', SALT_Q050)],
  [0x54303530, google('T050', SALT_T050)],
  [0x54303531, google('T051', SALT_T051)],
]);

/** The version that a long header names, null if it is none that can be read. */
export function quicVersion(version: number): QuicVersion | null {
  return KNOWN.get(version) ?? null;
}

/** True for the versions 0x?a?a?a?a that are reserved for forcing negotiation (RFC 9000 15). */
export function isReservedVersion(version: number): boolean {
  return ((version & 0x0f0f0f0f) ^ 0x0a0a0a0a) === 0;
}

/** `1`, `2`, `draft-29`, `T051`; a version that is not known as its hexadecimal number. */
export function quicVersionText(version: number): string {
  return KNOWN.get(version)?.text ?? `0x${version.toString(16).padStart(8, '0')}`;
}

function drafts(): [number, QuicVersion][] {
  const versions: [number, QuicVersion][] = [];
  for (let draft = FIRST_DRAFT; draft <= LAST_DRAFT; draft++) {
    const salt = draft < 23 ? SALT_22 : draft < 29 ? SALT_23 : draft < 33 ? SALT_29 : SALT_1;
    versions.push([DRAFT + draft, ietf(`draft-${draft}`, salt, draft < 27)]);
  }
  return versions;
}

function ietf(text: string, salt: Uint8Array, hasShortParameters = false): QuicVersion {
  return { text, salt, label: 'quic', typeShift: 0, framing: Framing.Ietf, hasShortParameters };
}

function second(text: string, salt: Uint8Array): QuicVersion {
  return { text, salt, label: 'quicv2', typeShift: 1, framing: Framing.Ietf, hasShortParameters: false };
}

function google(text: string, salt: Uint8Array): QuicVersion {
  return { text, salt, label: 'quic', typeShift: 0, framing: Framing.Google, hasShortParameters: false };
}

function salt(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}
