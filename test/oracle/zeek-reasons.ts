/** Why Zeek's connections differ from our rows where that cannot be worked out by a rule. docs/conformance.md says what each reason means. */

/** Zeek's `unknown_transport`: IP protocols that are not counted as flows. */
export const NOT_FLOWS: ReadonlySet<number> = new Set([0]);

/** Connections that ours has no row for, by log. */
export const UNMATCHED_IN: Readonly<Record<string, string>> = {
  'core.tunnels.ayiya/conn.log': 'AYIYA',
};

const CHECKSUM = 'checksum';

/** Conversations, `log: conversation`, whose packets Zeek counts otherwise. */
export const WHOLE: Readonly<Record<string, string>> = {
  'core.tunnels.ayiya/conn.log: 17 192.168.3.101 53796 216.14.98.22 5072': 'AYIYA',
  'core.tunnels.gtp.outer_ip_frag/conn.log: 6 10.131.47.185 1923 79.101.110.141 80': 'outer fragments',
  'core.tunnels.vxlan-unknown-internal-packet/conn.log: 17 172.30.0.1 48036 172.30.0.2 4789': CHECKSUM,
  'core.tunnels.vxlan-unknown-internal-packet/conn.log: 17 172.30.0.1 45303 172.30.0.2 4789': CHECKSUM,
  'core.tunnels.vxlan-unknown-internal-packet/conn.log: 17 172.30.0.1 36030 172.30.0.2 4789': CHECKSUM,
  'core.vntag-in-vlan/conn.log: 6 10.10.10.1 443 10.10.10.2 56960': 'options cut off',
  'scripts.policy.protocols.conn.mac-logging/conn1.log: 6 141.142.220.235 6705 173.192.163.128 80': 'SYN-ACK alone',
};
