/** Fingerprints and flow names against Arkime's recorded sessions. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nodeDigests } from '../../../features/digests-node.ts';
import { communityId } from '../../../features/fingerprint/community-id.ts';
import { ja3, ja3s } from '../../../features/fingerprint/ja3.ts';
import { ja4 } from '../../../features/fingerprint/ja4.ts';
import { TlsStatus } from '../../oracle/tls-handshake.ts';
import { addressBytes, dataPath, hasData } from '../protocol/pcap-helper.ts';
import { between, clientHellos, endpoint, serverHellos, tlsFlows } from '../protocol/tls-flows.ts';

const ARKIME = 'oracle/arkime';

interface Session {
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
  readonly ipProtocol: number;
  readonly network: { readonly community_id?: string };
  readonly tls?: { readonly ja3?: string[]; readonly ja3s?: string[]; readonly ja4?: string[] };
}

/** OpenVPN carries TLS inside its own packets on TCP: that is another protocol's reader. */
const NOT_TLS_ON_TCP = new Set(['openvpn_synthetic']);

/** Every session of every `.test` file, with the path of its capture. */
function* sessions(): Generator<{ name: string; path: string; session: Session }> {
  for (const file of readdirSync(dataPath(ARKIME)).filter((name) => name.endsWith('.test'))) {
    const name = file.replace(/\.test$/, '');
    const path = [`${name}.pcap`, `${name}.pcapng`].map((each) => dataPath(`${ARKIME}/${each}`)).find(existsSync);
    if (path === undefined) continue;
    const recorded = JSON.parse(readFileSync(dataPath(`${ARKIME}/${file}`), 'utf8')) as {
      sessions3?: { body: Session }[];
    };
    for (const { body } of recorded.sessions3 ?? []) yield { name, path, session: body };
  }
}

describe.skipIf(!hasData(ARKIME))('Arkime', () => {
  test('agrees on the Community ID of every TCP, UDP and SCTP session', () => {
    let compared = 0;
    for (const { name, session } of sessions()) {
      const { source, destination, ipProtocol, network } = session;
      if (network.community_id === undefined || ![6, 17, 132].includes(ipProtocol)) continue;
      const [from, to] = [addressBytes(source.ip), addressBytes(destination.ip)];
      const id = communityId(from, to, source.port, destination.port, ipProtocol, nodeDigests);
      expect(id, name).toBe(network.community_id);
      compared++;
    }
    expect(compared).toBeGreaterThan(400);
  });

  test('agrees on every JA3, JA3S and JA4 over TCP', () => {
    let compared = 0;
    for (const { name, path, session } of sessions()) {
      const { source, destination, ipProtocol, tls } = session;
      if (tls === undefined || ipProtocol !== 6 || NOT_TLS_ON_TCP.has(name)) continue;
      const [from, to] = [endpoint(`${source.ip}:${source.port}`), endpoint(`${destination.ip}:${destination.port}`)];
      const flows = between(tlsFlows(path), from, to);
      // One synthetic ServerHello has extensions of one byte, where RFC 8446 4.2 needs four: Arkime reads over that.
      if (flows.some(({ handshake }) => handshake.status === TlsStatus.Malformed)) continue;
      const clients = clientHellos(flows);
      // A session may hold several handshakes; Arkime lists the fingerprints of all.
      const agree = (listed: string[] | undefined, ours: string[]) => {
        if (listed === undefined) return;
        expect(listed, name).toEqual(expect.arrayContaining(ours.slice(0, 1)));
        expect(ours.length, name).toBeGreaterThan(0);
        compared++;
      };
      agree(
        tls.ja3,
        clients.map((hello) => ja3(hello, nodeDigests)),
      );
      agree(
        tls.ja4,
        clients.map((hello) => ja4(hello, nodeDigests)),
      );
      agree(
        tls.ja3s,
        serverHellos(flows).map((hello) => ja3s(hello, nodeDigests)),
      );
    }
    expect(compared).toBeGreaterThan(60);
  });
});
