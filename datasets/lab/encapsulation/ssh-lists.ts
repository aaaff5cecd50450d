/**
 * What SSH programs call themselves and the algorithms they offer in KEXINIT (RFC 4253, section 7.1), in their default order:
 * what a fingerprint of an SSH client or server is made of. OpenSSH's, Go's and Dropbear's are the programs' own, PuTTY's and
 * Paramiko's are like them and shortened.
 */
export interface SshProgram {
  readonly banner: string;
  readonly kex: readonly string[];
  readonly hostKeys: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly compression: readonly string[];
}

const list = (text: string) => text.split(' ');

const CURVES = list(
  'curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521',
);
const GROUPS = list(
  'diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 diffie-hellman-group14-sha256',
);
const HYBRID = 'sntrup761x25519-sha512@openssh.com';
const OPENSSH_CIPHERS = list(
  'chacha20-poly1305@openssh.com aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm@openssh.com',
);
const OPENSSH_MACS = list(
  'umac-64-etm@openssh.com umac-128-etm@openssh.com hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha1-etm@openssh.com umac-64@openssh.com umac-128@openssh.com hmac-sha2-256 hmac-sha2-512 hmac-sha1',
);
const OPENSSH_HOST_KEYS = list(
  'ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ssh-ed25519-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com rsa-sha2-512 rsa-sha2-256',
);
/** The order before version 8.5, which put Ed25519 first. */
const OLDER_HOST_KEYS = list(
  'ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com ssh-rsa-cert-v01@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 sk-ecdsa-sha2-nistp256@openssh.com ssh-ed25519 sk-ssh-ed25519@openssh.com rsa-sha2-512 rsa-sha2-256 ssh-rsa',
);
const SERVER_HOST_KEYS = list('rsa-sha2-512 rsa-sha2-256 ecdsa-sha2-nistp256 ssh-ed25519');
const COMPRESSION = list('none zlib@openssh.com zlib');
const STRICT_CLIENT = list('ext-info-c kex-strict-c-v00@openssh.com');
const STRICT_SERVER = list('kex-strict-s-v00@openssh.com');

export const SSH_CLIENTS: readonly { readonly weight: number; readonly value: SshProgram }[] = [
  {
    weight: 40,
    value: {
      banner: 'SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13.8',
      kex: [HYBRID, ...CURVES, ...GROUPS, ...STRICT_CLIENT],
      hostKeys: OPENSSH_HOST_KEYS,
      ciphers: OPENSSH_CIPHERS,
      macs: OPENSSH_MACS,
      compression: COMPRESSION,
    },
  },
  {
    weight: 20,
    value: {
      banner: 'SSH-2.0-OpenSSH_8.4p1 Debian-5+deb11u3',
      kex: [...CURVES, ...GROUPS, ...STRICT_CLIENT],
      hostKeys: OLDER_HOST_KEYS,
      ciphers: OPENSSH_CIPHERS,
      macs: OPENSSH_MACS,
      compression: COMPRESSION,
    },
  },
  {
    weight: 15,
    value: {
      banner: 'SSH-2.0-Go',
      kex: list(
        'curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 diffie-hellman-group14-sha256 diffie-hellman-group14-sha1 ext-info-c kex-strict-c-v00@openssh.com',
      ),
      hostKeys: list(
        'rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com ssh-rsa-cert-v01@openssh.com ssh-dss-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 rsa-sha2-256 rsa-sha2-512 ssh-rsa ssh-dss ssh-ed25519',
      ),
      ciphers: list(
        'aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com aes128-ctr aes192-ctr aes256-ctr',
      ),
      macs: list(
        'hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha2-256 hmac-sha2-512 hmac-sha1 hmac-sha1-96',
      ),
      compression: ['none'],
    },
  },
  {
    weight: 10,
    value: {
      banner: 'SSH-2.0-paramiko_3.4.0',
      kex: list(
        'curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 diffie-hellman-group16-sha512 diffie-hellman-group-exchange-sha256 diffie-hellman-group14-sha256 kex-strict-c-v00@openssh.com',
      ),
      hostKeys: list(
        'ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 rsa-sha2-512 rsa-sha2-256 ssh-rsa',
      ),
      ciphers: list('aes128-ctr aes192-ctr aes256-ctr aes128-cbc aes192-cbc aes256-cbc 3des-cbc'),
      macs: list('hmac-sha2-256 hmac-sha2-512 hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha1'),
      compression: ['none'],
    },
  },
  {
    weight: 15,
    value: {
      banner: 'SSH-2.0-PuTTY_Release_0.81',
      kex: [
        HYBRID,
        'curve448-sha512',
        ...CURVES.slice(0, 2),
        'diffie-hellman-group16-sha512',
        'diffie-hellman-group14-sha256',
        ...STRICT_CLIENT,
      ],
      hostKeys: list('ssh-ed448 ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-512 rsa-sha2-256 ssh-rsa'),
      ciphers: list(
        'aes256-ctr aes256-cbc aes192-ctr aes128-ctr chacha20-poly1305@openssh.com aes256-gcm@openssh.com aes128-gcm@openssh.com',
      ),
      macs: list('hmac-sha2-256 hmac-sha2-512 hmac-sha1 hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com'),
      compression: list('none zlib zlib@openssh.com'),
    },
  },
];

export const SSH_SERVERS: readonly { readonly weight: number; readonly value: SshProgram }[] = [
  {
    weight: 45,
    value: {
      banner: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u5',
      kex: [HYBRID, ...CURVES, ...GROUPS, ...STRICT_SERVER],
      hostKeys: SERVER_HOST_KEYS,
      ciphers: OPENSSH_CIPHERS,
      macs: OPENSSH_MACS,
      compression: COMPRESSION.slice(0, 2),
    },
  },
  {
    weight: 35,
    value: {
      banner: 'SSH-2.0-OpenSSH_8.2p1 Ubuntu-4ubuntu0.12',
      kex: [...CURVES, ...GROUPS, ...STRICT_SERVER],
      hostKeys: list('rsa-sha2-512 rsa-sha2-256 ssh-rsa ecdsa-sha2-nistp256 ssh-ed25519'),
      ciphers: OPENSSH_CIPHERS,
      macs: OPENSSH_MACS,
      compression: COMPRESSION.slice(0, 2),
    },
  },
  {
    // A router or a small board.
    weight: 20,
    value: {
      banner: 'SSH-2.0-dropbear_2022.83',
      kex: list(
        'curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp521 ecdh-sha2-nistp384 ecdh-sha2-nistp256 diffie-hellman-group14-sha256 kexguess2@matt.ucc.asn.au',
      ),
      hostKeys: list('ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-256 ssh-rsa'),
      ciphers: list('chacha20-poly1305@openssh.com aes128-ctr aes256-ctr'),
      macs: list('hmac-sha1 hmac-sha2-256'),
      compression: list('zlib@openssh.com none'),
    },
  },
];
