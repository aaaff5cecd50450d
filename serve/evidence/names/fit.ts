/** Whether a server name fits the server: a certificate for other names stands behind many a front of a CDN. */
import { type Table, textCell } from '../../../core/table.ts';
import { textListAt } from '../../../core/text-list-column.ts';
import { TLS_LIMITS } from '../../../features/protocol/tls/limits.ts';
import { hostOf } from './host.ts';

/**
 * RFC 9525 6.3: a wildcard stands for the whole of the leftmost label and for no more than one.
 *
 * @param name both in lower case and without trailing dot
 */
export function covers(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

/** A sentence if the names of the certificate do not cover the name asked for; null if they do, or it cannot be told. */
export function certificateMisfit(table: Table, row: number): string | null {
  const sni = textCell(table, 'sni', row);
  if (sni === null) return null;
  const column = table.columns.get('cert_dns_names');
  const names = column?.type === 'list_utf8' ? textListAt(column, row) : null;
  // A longer list is cut, and the name may be among those that are not there.
  if (names === null || names.length >= TLS_LIMITS.certificateNames) return null;
  const commonName = textCell(table, 'cert_subject_cn', row);
  const all = names.length === 0 && commonName !== null ? [commonName] : names;
  // Of an address there is no host.
  const asked = hostOf(sni)?.name;
  if (asked === undefined || all.length === 0) return null;
  const isCovered = all.some((name) => covers(name.toLowerCase().replace(/\.$/, ''), asked));
  return isCovered ? null : `the certificate is for ${all.length === 1 ? 'another name' : `${all.length} other names`}`;
}

/** A sentence if the proxy was asked for another domain than the server name says; null if not, or it cannot be told. */
export function tunnelMisfit(table: Table, row: number): string | null {
  const target = textCell(table, 'http_connect_target', row);
  const sni = target === null ? null : textCell(table, 'sni', row);
  if (target === null || sni === null) return null;
  const [asked, named] = [hostOf(target)?.domain ?? null, hostOf(sni)?.domain ?? null];
  return asked === null || named === null || asked === named ? null : 'the proxy was asked for another domain';
}
