/**
 * Dialogues in the clear that may turn to TLS on the same connection. What a side says first, or asks for, tells which
 * it is; a ClientHello behind it is then the turn.
 */

/** Numbers of the dialogues; 0 is none. */
export const Dialogue = {
  None: 0,
  /** Began with a greeting that SMTP and FTP have in common: what the client says decides. */
  Greeting: 1,
  /** RFC 3207; LMTP alike. */
  Smtp: 2,
  /** RFC 4217. */
  Ftp: 3,
  /** RFC 2595, RFC 9051 6.2.1. */
  Imap: 4,
  /** RFC 2595. */
  Pop3: 5,
  /** RFC 6120 5. */
  Xmpp: 6,
  /** PostgreSQL, Frontend/Backend Protocol: SSLRequest. */
  Postgres: 7,
  /** MySQL Client/Server Protocol: SSLRequest. */
  Mysql: 8,
  /** RFC 4511 4.14. */
  Ldap: 9,
  /** RFC 4642. */
  Nntp: 10,
  Irc: 11,
  /** RFC 5804. */
  Sieve: 12,
  /** X.224 connection request in TPKT ([MS-RDPBCGR] 2.2.1.1). */
  Rdp: 13,
  /** RFC 9110 9.3.6: CONNECT. */
  HttpConnect: 14,
  Socks4: 15,
  /** RFC 1928. */
  Socks5: 16,
} as const;

/** The name of each dialogue as rows show it, by number; null where it is not known which it was. */
export const DIALOGUE_NAMES: readonly (string | null)[] = [
  null,
  null,
  'smtp',
  'ftp',
  'imap',
  'pop3',
  'xmpp',
  'postgresql',
  'mysql',
  'ldap',
  'nntp',
  'irc',
  'sieve',
  'rdp',
  'http-connect',
  'socks4',
  'socks5',
];

const word = (text: string) =>
  ((text.charCodeAt(0) << 24) | (text.charCodeAt(1) << 16) | (text.charCodeAt(2) << 8) | text.charCodeAt(3)) &
  UPPER_CASE;

/** Takes the case out of four letters, and leaves different what are no letters, near enough. */
const UPPER_CASE = 0xdfdfdfdf | 0;

/** The first four characters of what one side says alone. */
const OPENINGS = new Map<number, number>([
  [word('220 '), Dialogue.Greeting],
  [word('220-'), Dialogue.Greeting],
  [word('EHLO'), Dialogue.Smtp],
  [word('HELO'), Dialogue.Smtp],
  [word('LHLO'), Dialogue.Smtp],
  [word('* OK'), Dialogue.Imap],
  [word('* PR'), Dialogue.Imap],
  [word('+OK '), Dialogue.Pop3],
  [word('STLS'), Dialogue.Pop3],
  [word('<?xm'), Dialogue.Xmpp],
  [word('<str'), Dialogue.Xmpp],
  [word('<sta'), Dialogue.Xmpp],
  [word('200 '), Dialogue.Nntp],
  [word('201 '), Dialogue.Nntp],
  [word('NICK'), Dialogue.Irc],
  [word('CAP '), Dialogue.Irc],
  [word('"IMP'), Dialogue.Sieve],
  [word('CONN'), Dialogue.HttpConnect],
]);

const AUTH = word('AUTH');
const STARTTLS = word('STAR');
/** "AUTH TLS" and "AUTH SSL", and "AUTH TLS-C" of older servers. */
const FTP_AUTH = [word(' TLS'), word(' SSL')];

/** Which dialogue the payload `bytes[at, end)` belongs to, if it says so; else what it was before. */
export function dialogueOf(bytes: Uint8Array, at: number, end: number, before: number): number {
  if (end - at < 3) return before;
  const first = bytes[at]!;
  if (first <= 0x20 || first === SEQUENCE) return binaryDialogue(bytes, at, end, before);
  if (end - at < 4 || (before > Dialogue.Greeting && before !== Dialogue.Irc)) return before;
  const start = wordAt(bytes, at);
  if (start === AUTH && end - at >= 8 && FTP_AUTH.includes(wordAt(bytes, at + 4))) return Dialogue.Ftp;
  // Of the protocols whose client says so first of all, only IRC is left.
  if (start === STARTTLS && before === Dialogue.None) return Dialogue.Irc;
  return OPENINGS.get(start) ?? before;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) & UPPER_CASE;
}

/** `Int32 length = 8, Int32 code = 80877103` */
const POSTGRES_REQUEST = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/** Three bytes of length (32), the number of the packet (1); the capability CLIENT_SSL is bit 11 of what follows. */
const MYSQL_HEAD = [32, 0, 0, 1];
const MYSQL_CAPABILITIES = 5;
const CLIENT_SSL = 0x08;
const SEQUENCE = 0x30;
/** OID of the extended request StartTLS, in text. */
const LDAP_STARTTLS = [...'1.3.6.1.4.1.1466.20037'].map((letter) => letter.charCodeAt(0));
/** The OID begins within so many bytes: sequence, message id, request and name have at most four bytes of length each. */
const LDAP_HEAD = 24;
const X224_CONNECT = 0xe0;

function binaryDialogue(bytes: Uint8Array, at: number, end: number, before: number): number {
  switch (bytes[at]) {
    case 0:
      return end - at === POSTGRES_REQUEST.length && hasBytes(bytes, at, end, POSTGRES_REQUEST)
        ? Dialogue.Postgres
        : before;
    case 3:
      return end - at > 6 && bytes[at + 1] === 0 && bytes[at + 5] === X224_CONNECT ? Dialogue.Rdp : before;
    case 4:
      return end - at >= 9 && bytes[at + 1] === 1 && bytes[end - 1] === 0 ? Dialogue.Socks4 : before;
    case 5:
      return bytes[at + 1] === end - at - 2 ? Dialogue.Socks5 : before;
    case 32:
      return isMysqlRequest(bytes, at, end) ? Dialogue.Mysql : before;
    case SEQUENCE:
      for (let i = at; i < at + LDAP_HEAD; i++) if (hasBytes(bytes, i, end, LDAP_STARTTLS)) return Dialogue.Ldap;
  }
  return before;
}

function isMysqlRequest(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    end - at === 36 && hasBytes(bytes, at, end, MYSQL_HEAD) && (bytes[at + MYSQL_CAPABILITIES]! & CLIENT_SSL) !== 0
  );
}

function hasBytes(bytes: Uint8Array, at: number, end: number, wanted: readonly number[]): boolean {
  if (end - at < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
