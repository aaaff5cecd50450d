/**
 * HASSH (Salesforce, 2018): MD5 over what one side's SSH_MSG_KEXINIT offers, `kex;ciphers;macs;compression`, the client's
 * lists towards the server for a client, the server's towards the client for a server.
 */
import type { Digests } from '../../core/digest.ts';
import type { KexLists } from '../protocol/ssh/kex-init.ts';

export function hassh(lists: KexLists, digests: Digests): string {
  return digests.md5Hex(`${lists.kex};${lists.ciphersUp};${lists.macsUp};${lists.compressionUp}`);
}

export function hasshServer(lists: KexLists, digests: Digests): string {
  return digests.md5Hex(`${lists.kex};${lists.ciphersDn};${lists.macsDn};${lists.compressionDn}`);
}
