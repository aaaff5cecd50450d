/** Ethernet frames inside Ethernet frames, and tags beside the VLAN's. */
import { describe, expect, test } from 'vitest';
import { Status, Tunnel } from '../../../features/packet/packet.ts';
import { hex } from '../../support/bytes.ts';
import { addresses, decode, payloadText } from './decode.ts';

const MACS = '020000000001 020000000002';
const UDP = '0035 d431 000c 0000 74657374';
/** 10.0.0.1 to 10.0.0.2, UDP from 53 to 54321, "test". */
const IP = `0800 4500 0020 0001 0000 40 11 0000 0a000001 0a000002 ${UDP}`;
const GRE_IN_IP = '0800 4500 0060 0001 0000 40 2f 0000 c0000201 c0000202';

describe('Ethernet behind a tag', () => {
  test.each([
    ['a provider backbone bridge (802.1ah): the I-TAG, then the customer frame', `88e7 001ebb30 ${MACS} ${IP}`],
    ['FabricPath: tree and time to live, then the frame', `8903 0020 ${MACS} ${IP}`],
    ['a VN-Tag: four bytes, then the next type', `8926 00000033 ${IP}`],
    ['a VN-Tag between VLAN tags', `8100 00fa 8926 00000033 8100 00fb ${IP}`],
  ])('%s', (_, behindMacs) => {
    const decoded = decode(hex(`${MACS} ${behindMacs}`));
    expect(decoded.status).toBe(Status.Ok);
    expect(addresses(decoded)).toEqual(['0a000001', '0a000002']);
    expect(payloadText(decoded)).toBe('test');
  });

  test('the VLAN beside a VN-Tag is kept, the tag of the virtual interface is none', () => {
    expect(decode(hex(`${MACS} 8100 00fa 8926 00000033 ${IP}`)).packet.vlan).toBe(0xfa);
    expect(decode(hex(`${MACS} 8926 00000033 ${IP}`)).packet.vlan).toBe(-1);
  });

  test.each(['88e7 001ebb', '8903 00', '8926 00000033 08'])('%s is cut off within the tag', (behindMacs) => {
    expect(decode(hex(`${MACS} ${behindMacs}`)).status).toBe(Status.Truncated);
  });
});

describe('ERSPAN type III', () => {
  test.each([
    ['12 bytes of header', '1000 22eb 00000001 200a0000 70507e55 00000006'],
    ['and 8 more where its last bit says so', '0000 22eb 200a0000 70507e55 00000007 0c00000315f742e8'],
  ])('%s', (_, gre) => {
    const decoded = decode(hex(`${MACS} ${GRE_IN_IP} ${gre} ${MACS} ${IP}`));
    expect(decoded.status).toBe(Status.Ok);
    expect(decoded.packet.tunnel).toBe(Tunnel.Gre);
    expect(payloadText(decoded)).toBe('test');
  });
});
