/** JA4 of TLS libraries as they come, without server name and ALPN: measured by scripts/library-fingerprints.mjs. */

/** The whole fingerprint, and what says it. */
export const BARE_LIBRARIES: ReadonlyMap<string, string> = new Map([
  ['t13i590900_a33745022dd6_1f22a2ca17c4', 'Node 20 with OpenSSL 3.0'],
  ['t13i310900_e8f1e7e78f70_1f22a2ca17c4', 'OpenSSL 3.0'],
  ['t13i311000_e8f1e7e78f70_d41ae481755e', 'OpenSSL 3.0'],
  ['t12i280600_d943125447b4_e7e480e5a997', 'OpenSSL 3.0 up to TLS 1.2'],
  ['t13i181000_85036bcba153_d41ae481755e', 'Python 3.11 with OpenSSL 3.0'],
  ['t13i311000_e8f1e7e78f70_b26ce05bbdd6', 'curl 7.88 with OpenSSL 3.0'],
  ['t13i291200_723694b0fccc_899037bd0b8c', 'wget 1.21 with GnuTLS'],
]);

/** The second part, the list of ciphers: a library's versions differ in their extensions sooner than in these. */
export const BARE_CIPHERS: ReadonlyMap<string, string> = new Map([
  ['e8f1e7e78f70', 'OpenSSL 3'],
  ['d943125447b4', 'OpenSSL up to TLS 1.2'],
  ['a33745022dd6', 'Node'],
  ['85036bcba153', 'Python'],
  ['723694b0fccc', 'GnuTLS'],
]);
