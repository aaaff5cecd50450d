/**
 * An SSH session nobody is typing in: a forwarded port, a forgotten window, a log being followed. What is left is the keep-alive
 * of one side (ServerAliveInterval or ClientAliveInterval: a request that wants a reply), two sizes for hours, and, where a log
 * is followed, lines the server sends when something happens.
 *
 * Intervals are the ones manuals suggest; log lines arrive at random (Poisson, mean chosen) with one format's lengths.
 */
import { type Dialogue, Script, SECOND_US } from '../message.ts';
import { poisson, timer } from '../rhythm.ts';
import { SshSession } from '../ssh.ts';

const REQUEST_NAME = 'keepalive@openssh.com'.length;

export const sshKeepalive: Dialogue = {
  name: 'ssh-keepalive',
  label: 'other',
  ports: [22, 22, 2222, 443],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const session = new SshSession(prng, operator);
    const intervalUs = operator.pick([15, 30, 30, 60, 60, 120, 300]) * SECOND_US;
    const fromServer = operator.chance(0.4);
    const follows = operator.chance(0.45);
    const lineMeanUs = operator.pick([5, 12, 25, 60, 180]) * SECOND_US;
    const lineBytes = operator.integer(60, 260);
    const spread = operator.pick([0, 1, 8, 60]);
    const opened = session.channel(script, session.open(script), !follows);
    for (const atUs of timer(prng.fork('alive'), intervalUs, 4_000, durationUs, intervalUs + SECOND_US)) {
      // A global request from the client (RFC 4254, section 4), refused in one byte; a channel request from the server, in five.
      const [request, refusal] = fromServer ? [1 + 4 + 4 + REQUEST_NAME + 1, 5] : [1 + 4 + REQUEST_NAME + 1, 1];
      const probe = fromServer
        ? script.follow(opened, session.packet(request), 0, atUs)
        : script.sayAfter(opened, atUs, session.packet(request));
      script.reply(probe, session.packet(refusal), prng.integer(50, 1_500));
    }
    if (follows) {
      for (const atUs of poisson(prng.fork('lines'), lineMeanUs, durationUs)) {
        const bytes = Math.max(10, lineBytes + prng.integer(-spread, spread));
        script.follow(opened, session.data(bytes), 0, atUs);
      }
    }
    return script.messages;
  },
};
