/**
 * The slow twins of the readers of HTTP and SSH: all that a side says is put together first, and then taken apart with
 * regular expressions and whole copies.
 */
import { createHash } from 'node:crypto';

export interface HttpTwin {
  version: string | null;
  method: string | null;
  host: string | null;
  userAgent: string | null;
  connectTarget: string | null;
  upgrade: string | null;
}

/** Complete lines of what a side says, without their ends, one character for each byte. */
function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/\r$/, ''));
}

/** Text as it is shown: printable UTF-8, or else ASCII with everything else escaped. */
function shown(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes) && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return text;
  return [...bytes]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x5c
        ? `\\x${byte.toString(16).padStart(2, '0')}`
        : String.fromCharCode(byte),
    )
    .join('');
}

/** The first request of a side, null if it begins with something else. */
export function requestTwin(bytes: Uint8Array): HttpTwin | null {
  const lines = linesOf(bytes);
  let at = 0;
  while (at < 31 && lines[at] === '') at++;
  const first = /^([a-z][-_a-z]{2,19}) ([^\0-\x20].*) HTTP\/(1\.0|1\.1|2\.0) *$/is.exec(lines[at] ?? '');
  if (first === null || !/ HTTP\/[^/]*$/.test(lines[at]!)) return null;
  const [, method = '', target = '', number = ''] = first;
  if (number === '2.0' && method.length !== 3) return null;
  const twin: HttpTwin = {
    version: number === '2.0' ? 'h2c' : number,
    method,
    host: null,
    userAgent: null,
    connectTarget: null,
    upgrade: null,
  };
  const host = (text: string) => {
    const plain = text.replace(/^.*@/s, '');
    return plain === '' || plain.length > 261 ? null : shown(plain);
  };
  if (method === 'CONNECT') twin.connectTarget = host(target);
  else {
    const absolute = /^[a-z]+:\/\/([^/?#]*)/is.exec(target);
    if (absolute !== null) twin.host = host(absolute[1]!);
  }
  for (const line of lines.slice(at + 1)) {
    if (line === '') break;
    const field = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(line);
    const value = field?.[2] ?? '';
    const name = field?.[1]?.toLowerCase();
    if (name === 'host') twin.host ??= host(value);
    if (name === 'user-agent' && value !== '') twin.userAgent ??= shown(value.slice(0, 256));
    if (name === 'upgrade' && value !== '') twin.upgrade ??= shown(value.slice(0, 64)).toLowerCase();
  }
  return twin;
}

/** The status of the first final response of a side, null if there is none. */
export function statusTwin(bytes: Uint8Array): number | null {
  let isStart = true;
  let empty = 0;
  for (const line of linesOf(bytes)) {
    if (!isStart) {
      isStart = line === '';
      continue;
    }
    if (line === '' && ++empty < 32) continue;
    const status = /^HTTP\/1\.. ([0-9]{3})/s.exec(line)?.[1];
    if (status === undefined) return null;
    if (!/^1/.test(status) || status === '101') return Number(status);
    isStart = false;
  }
  return null;
}

export interface SshTwin {
  readonly banner: string | null;
  /** The text of HASSH of a client, and of a server, hashed. */
  readonly hassh: string | null;
  readonly hasshServer: string | null;
}

/** What a side of SSH says, which begins with SSH. */
export function sshTwin(bytes: Uint8Array): SshTwin {
  const nothing = { banner: null, hassh: null, hasshServer: null };
  const lf = bytes.indexOf(10);
  if (lf < 0) return nothing;
  const line = Buffer.from(bytes.slice(0, lf)).toString('latin1').replace(/\r$/, '').slice(0, 255);
  const banner = shown(line);
  if (/^SSH-1\.(?!99)/.test(banner)) return { ...nothing, banner };
  let rest = Buffer.from(bytes.slice(lf + 1));
  for (let packets = 0; packets < 4; packets++) {
    if (rest.length < 4) break;
    const length = 4 + rest.readUInt32BE(0);
    if (length > 35_000 || length < 12 || rest.length < length) break;
    if (rest[5] === 20) {
      const lists = listsOf(rest.subarray(22, length - rest[4]!));
      if (lists === null) break;
      const md5 = (...of: number[]) =>
        createHash('md5')
          .update(of.map((i) => lists[i]).join(';'))
          .digest('hex');
      return { banner, hassh: md5(0, 2, 4, 6), hasshServer: md5(0, 3, 5, 7) };
    }
    rest = rest.subarray(length);
  }
  return { ...nothing, banner };
}

function listsOf(bytes: Buffer): string[] | null {
  const lists: string[] = [];
  for (let at = 0; lists.length < 10; ) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) return null;
    lists.push(shown(bytes.subarray(at + 4, at + 4 + length).toString('latin1')));
    at += 4 + length;
  }
  return lists;
}
