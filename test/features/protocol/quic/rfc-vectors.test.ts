/** RFC 9001 appendix A and RFC 9369 appendix A, step by step. */
import { describe, expect, test } from 'vitest';
import { nodeCiphers } from '../../../../features/ciphers-node.ts';
import { QuicConnection } from '../../../../features/protocol/quic/connection.ts';
import { InitialSecrets } from '../../../../features/protocol/quic/initial-keys.ts';
import { LongHeader, PacketType } from '../../../../features/protocol/quic/long-header.ts';
import { openPacket } from '../../../../features/protocol/quic/open-packet.ts';
import { quicVersion } from '../../../../features/protocol/quic/versions.ts';
import { WHOLE_HELLOS } from '../../../../features/protocol/tls/hello-reader.ts';
import { concat, hex } from '../tls/hello-bytes.ts';
import { initial, V1, V2 } from './quic-bytes.ts';

const DCID = hex('8394c8f03e515708');

/** A.2: the CRYPTO frame of the client's Initial. */
const CLIENT_FRAME = hex(`
  060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00
  000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d0020
  9370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603020308040805080600
  2d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806
  048000ffff`);

/** A.3: the frames of the server's Initial. */
const SERVER_FRAMES = hex(`
  02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024001d00
  209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304`);

const VECTORS = [
  {
    name: 'RFC 9001',
    made: V1,
    client: ['1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'],
    server: ['cf3a5331653c364c88f0f379b6067e37', '0ac1493ca1905853b0bba03e', 'c206b8d9b9f0f37644430b490eeaa314'],
    clientBegins: 'c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b',
    clientEnds: 'e221af44860018ab0856972e194cd934',
    serverPacket: `
      cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3e
      c2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850
      abbdca3d20398c276456cbc42158407dd074ee`,
    retryPacket: 'ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba',
  },
  {
    name: 'RFC 9369',
    made: V2,
    client: ['8b1a0bc121284290a29e0971b5cd045d', '91f73e2351d8fa91660e909f', '45b95e15235d6f45a6b19cbcb0294ba9'],
    server: ['82db637861d55e1d011f19ea71d5d2a7', 'dd13c276499c0249d3310652', 'edf6d05c83121201b436e16877593c3a'],
    clientBegins: 'd76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03',
    clientEnds: '',
    serverPacket: `
      dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7fd39
      45d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd
      23f6fe1a3e2c43edd9ce7ca84bed8521e2e140`,
    retryPacket: 'cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6',
  },
];

describe.each(VECTORS)('$name appendix A', ({ made, client, server, clientBegins, clientEnds, ...packets }) => {
  const version = quicVersion(made.number)!;
  const secrets = new InitialSecrets(nodeCiphers, version, DCID);
  const clientPacket = initial({
    version: made,
    keyDcid: DCID,
    number: 2,
    numberBytes: 4,
    frames: CLIENT_FRAME,
    padTo: 1162,
  });
  const serverPacket = hex(packets.serverPacket);

  test('A.1: keys of both sides', () => {
    expect(Object.values(secrets.client).map(toHex)).toEqual(client);
    expect(Object.values(secrets.server).map(toHex)).toEqual(server);
  });

  test('A.2: the client Initial opens, and says what it should', () => {
    expect(clientPacket).toHaveLength(1200);
    expect(toHex(clientPacket.subarray(0, clientBegins.length / 2))).toBe(clientBegins);
    if (clientEnds !== '') expect(toHex(clientPacket.subarray(-16))).toBe(clientEnds);
    const header = new LongHeader();
    expect(header.read(clientPacket, 0, 1200, 1200)).toBe(true);
    expect(header).toMatchObject({
      type: PacketType.Initial,
      dcidLength: 8,
      scidLength: 0,
      numberAt: 18,
      packetEnd: 1200,
    });
    const text = openPacket(nodeCiphers, secrets.client, clientPacket, header, 1200);
    expect(text).toEqual(concat(CLIENT_FRAME, new Uint8Array(1162 - CLIENT_FRAME.length)));
  });

  test('A.3: the server Initial opens', () => {
    const header = new LongHeader();
    expect(header.read(serverPacket, 0, serverPacket.length, serverPacket.length)).toBe(true);
    expect(openPacket(nodeCiphers, secrets.server, serverPacket, header, serverPacket.length)).toEqual(SERVER_FRAMES);
    expect(openPacket(nodeCiphers, secrets.client, serverPacket, header, serverPacket.length)).toBeNull();
  });

  test('A.4: the Retry is one', () => {
    const packet = hex(packets.retryPacket);
    const header = new LongHeader();
    expect(header.read(packet, 0, packet.length, packet.length)).toBe(true);
    expect(header.type).toBe(PacketType.Retry);
  });

  test('both hellos of the connection are read', () => {
    const connection = new QuicConnection(nodeCiphers, WHOLE_HELLOS, 0);
    connection.datagram(0, clientPacket, 0, 1200, 1200);
    connection.datagram(1, serverPacket, 0, serverPacket.length, serverPacket.length);
    const { summary } = connection;
    expect(summary).toMatchObject({
      version: version.text,
      clientDcidLength: 8,
      clientScidLength: 0,
      serverScidLength: 8,
    });
    expect(summary.client).toMatchObject({ sni: 'example.com', alpn: ['alpn'], versions: [0x0304] });
    expect(summary.server).toMatchObject({ version: 0x0304, cipher: 0x1301 });
    expect(summary.parameters).toEqual({
      ids: '4,5,7,8,1,9,15,6',
      maxIdleTimeout: 30000,
      maxUdpPayloadSize: null,
      // 2^62 - 1 is sent.
      initialMaxData: Number.MAX_SAFE_INTEGER,
      userAgent: null,
    });
  });
});

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
