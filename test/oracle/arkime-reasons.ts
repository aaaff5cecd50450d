/**
 * Why conversations of Arkime's sessions differ from ours where that cannot be worked out by a rule: one line for each,
 * `capture: conversation`. docs/conformance.md says what each reason means. Offsets are those of the packets in the capture.
 */

/** Sessions that ours has no row for. */
export const UNMATCHED: Readonly<Record<string, string>> = {
  'arkime_synthetic: 17 10.9.8.1 0 10.9.8.2 0': 'UDP length 0',
  // 29385: EtherType 88be; 29667: 894f; 30290: 8909.
  'arkime_synthetic: 1 192.168.4.1 192.168.4.2': 'carrier',
  'arkime_synthetic: 1 192.168.10.1 192.168.10.2': 'carrier',
  'arkime_synthetic: 17 192.0.2.10 12345 192.0.2.20 53': 'VXLAN-GPE',
  'icmp-frame-relay: 1 10.0.0.1 10.0.0.2': 'link type',
  'nflog: 6 10.10.10.10 54064 52.43.228.156 80': 'link type',
  'vxlan: 17 192.168.56.11 0 192.168.56.12 0': 'ARP in VXLAN',
};

/** Conversations whose packets Arkime divides otherwise, which changes all their figures. */
export const WHOLE: Readonly<Record<string, string>> = {
  'arkime_synthetic: 17 10.9.8.1 40100 10.9.8.2 9999': 'UDP length 0',
  'arkime_synthetic: 17 0.0.0.0 68 255.255.255.255 67': 'DHCP',
  'wireshark-dhcp: 17 0.0.0.0 68 255.255.255.255 67': 'DHCP',
  'arkime_synthetic: 17 10.40.9.1 40000 10.40.9.100 4790': 'VXLAN-GPE',
  'dns-flags0110: 17 10.0.0.1 62928 8.8.8.8 53': 'file order',
  // 528: an IP packet of 28 bytes in a frame of 60.
  'nbns: 1 192.168.239.129 224.0.0.2': 'padding',
  // One packet and two PSH are listed in its first half.
  'y2038-bgp: 6 192.168.100.1 25820 192.168.100.2 179': 'cut stream',
};

/** Conversations of ours without a session. */
export const EXTRA: Readonly<Record<string, string>> = {
  'arkime_synthetic: 17 10.9.10.1 40200 10.9.10.2 40201': 'extension headers',
  'arkime_synthetic: 17 192.168.1.1 67 192.168.1.100 68': 'DHCP',
  'arkime_synthetic: 17 2001:db8:902:0:0:0:0:1 40300 2001:db8:902:0:0:0:0:2 40301': 'extension headers',
  'vxlan: 17 192.168.56.11 4789 192.168.56.12 40908': 'ARP in VXLAN',
  'vxlan: 17 192.168.56.11 39924 192.168.56.12 4789': 'ARP in VXLAN',
  'wireshark-dhcp: 17 192.168.0.1 67 192.168.0.10 68': 'DHCP',
};
