/**
 * A tunnel inside one TCP stream: sealed packets of many sizes both ways while somebody works, keep-alives of one size while
 * nobody does. Two shapes: WireGuard carried over TCP with two bytes of length (initiation 148 bytes, response 92, keep-alive
 * 32, data 32 and the packet padded to 16; new keys every 120 s under traffic) and OpenVPN over TCP (two bytes of length, data
 * 24 bytes and the packet; ping of 16 bytes every 10 s by the usual `keepalive 10 120`, told only after silence).
 *
 * Inner packets in activity follow the simple IMIX of 40, 576 and 1500 bytes at 7:4:1; idle machines still send beacons,
 * lookups and acknowledgements of few sizes, at random times (chosen).
 */
import type { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, u16 } from '../bytes.ts';
import { type Dialogue, drawn, Script, SECOND_US, type Side } from '../message.ts';
import { bursts, inOrder, poisson, timer } from '../rhythm.ts';

const lengthPrefixed = (prng: Prng, bytes: number) => bytesOf(u16(bytes), filler(prng, bytes));
type Sealer = typeof lengthPrefixed;

/** How a kind of tunnel wraps packets and keeps itself alive. */
interface Tunnel {
  readonly initiationBytes: number;
  readonly responseBytes: number;
  readonly keepaliveBytes: number;
  readonly rekeyUs: number;
  data(packetBytes: number): number;
}

const WIREGUARD: Tunnel = {
  initiationBytes: 148,
  responseBytes: 92,
  keepaliveBytes: 32,
  rekeyUs: 120 * SECOND_US,
  data: (packetBytes) => 32 + Math.ceil(packetBytes / 16) * 16,
};
const OPENVPN: Tunnel = {
  initiationBytes: 54, // P_CONTROL_HARD_RESET with tls-auth; certificates follow below
  responseBytes: 66,
  keepaliveBytes: 24 + 16,
  rekeyUs: 3_600 * SECOND_US,
  data: (packetBytes) => 24 + packetBytes,
};

const IMIX = [
  { weight: 7, value: 40 },
  { weight: 4, value: 576 },
  { weight: 1, value: 1_400 }, // 1500 less what the tunnel takes
] as const;

/** The inner TLS handshake of OpenVPN's control channel: client's share, server's certificates. */
function negotiate(script: Script, prng: Prng, operator: Prng, sealed: Sealer, answered: number): number {
  const hello = script.reply(answered, sealed(prng, prng.integer(280, 420)), prng.integer(500, 9_000));
  const certificates = script.reply(hello, sealed(prng, 1_196), prng.integer(1_000, 30_000));
  const rest = script.follow(certificates, sealed(prng, operator.integer(600, 1_190)), prng.integer(50, 600));
  const keys = script.reply(rest, sealed(prng, prng.integer(900, 1_190)), prng.integer(1_000, 30_000));
  const pushed = script.reply(keys, sealed(prng, operator.integer(260, 520)), prng.integer(1_000, 60_000));
  return script.reply(pushed, sealed(prng, 62), prng.integer(100, 900));
}

export const vpnStream: Dialogue = {
  name: 'vpn-stream',
  label: 'other',
  ports: [1194, 443, 51820],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const openVpn = operator.chance(0.5);
    const tunnel = openVpn ? OPENVPN : WIREGUARD;
    // Carriers put their own head in front: a framing byte, a session number, a checksum.
    const headBytes = operator.pick([0, 0, 1, 4, 8, 12]);
    const sealed = (prng: Prng, bytes: number) => lengthPrefixed(prng, headBytes + bytes);
    const keepaliveUs = (openVpn ? operator.pick([10, 10, 20, 60]) : operator.pick([15, 25, 25, 60])) * SECOND_US;
    const idle = prng.chance(0.55);
    const chatterMeanUs = prng.pick([10, 20, 45, 120]) * SECOND_US;
    const chatterSizes = Array.from({ length: prng.integer(1, 4) }, () => prng.integer(40, 260));
    const initiation = script.say('client', prng.integer(200, 3_000), sealed(prng, tunnel.initiationBytes));
    const answered = script.reply(initiation, sealed(prng, tunnel.responseBytes), prng.integer(200, 4_000));
    const ready = openVpn
      ? negotiate(script, prng, operator, sealed, answered)
      : script.reply(answered, sealed(prng, tunnel.keepaliveBytes), prng.integer(100, 900));

    const send = (from: Side, atUs: number, bytes: number) => {
      const own = script.messages[ready]!.from === from;
      return own
        ? script.follow(ready, sealed(prng, bytes), 0, atUs)
        : script.sayAfter(ready, atUs, sealed(prng, bytes));
    };
    const packet = () => tunnel.data(prng.pickWeighted(IMIX));
    const work = { quietUs: 90 * SECOND_US, more: 14, gapUs: 40_000 };
    const events = inOrder({
      chatter: poisson(prng.fork('chatter'), chatterMeanUs, durationUs),
      work: idle ? [] : bursts(prng.fork('work'), work, durationUs).flat(),
      rekey: timer(prng.fork('rekey'), tunnel.rekeyUs, 200_000, durationUs),
      end: [durationUs],
    });
    let silentUs = 0;
    for (const { kind, atUs } of events) {
      // Only silence is broken: a packet sent is as good as a keep-alive.
      for (silentUs += keepaliveUs; silentUs < atUs; silentUs += keepaliveUs) {
        send('client', silentUs, tunnel.keepaliveBytes);
        if (openVpn) send('server', silentUs + prng.integer(0, 900_000), tunnel.keepaliveBytes);
      }
      silentUs = atUs;
      if (kind === 'rekey')
        script.reply(send('client', atUs, tunnel.initiationBytes), sealed(prng, tunnel.responseBytes), 900);
      if (kind === 'chatter') {
        const size = prng.pick(chatterSizes);
        const from = prng.chance(0.7) ? 'client' : 'server';
        const said = send(from, atUs, tunnel.data(size));
        if (prng.chance(0.8)) script.reply(said, sealed(prng, tunnel.data(52)), drawn(prng, 20_000, 0.8, 500, 400_000));
      }
      if (kind === 'work') {
        const asked = send('client', atUs, packet());
        let last = script.reply(asked, sealed(prng, packet()), drawn(prng, 20_000, 0.8, 500, 400_000));
        for (let more = prng.below(3); more > 0; more--) last = script.follow(last, sealed(prng, packet()), 300);
      }
    }
    return script.messages;
  },
};
