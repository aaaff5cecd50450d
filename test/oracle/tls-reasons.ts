/** Why the others' records of TLS differ from ours, where they do; docs/conformance.md says more of each reason. */

const ZEEK: Readonly<Record<string, string>> = { 'ssl.fragment': 'huge message', 'tls13-experiment': 'experiment' };
const ARKIME: Readonly<Record<string, string>> = {
  openvpn_synthetic: 'OpenVPN',
  'arkime_synthetic.test': 'broken hello',
};
const SURICATA: Readonly<Record<string, string>> = {
  'bug-5713-01': 'client only',
  'tcp-fastopen-10-syn-data-ignore': 'data in SYN',
  'tls13-draft14': 'early draft',
};

export function explainZeekTls(where: string): string | null {
  return reasonOf(ZEEK, where);
}

export function explainArkimeTls(where: string): string | null {
  return reasonOf(ARKIME, where);
}

export function explainSuricataTls(where: string): string | null {
  return reasonOf(SURICATA, where);
}

function reasonOf(reasons: Readonly<Record<string, string>>, where: string): string | null {
  return Object.entries(reasons).find(([part]) => where.includes(part))?.[1] ?? null;
}
