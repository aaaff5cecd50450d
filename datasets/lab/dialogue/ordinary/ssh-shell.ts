/**
 * A person at a shell: every key travels alone and comes back alone, a command prints something, then the person thinks. The
 * 36-byte key and its 36-byte echo are among the best known sizes on the Internet.
 *
 * Keys: log-normal around 0.2 s (Dhakal et al., "Observations on typing from 136 million keystrokes", CHI 2018: mean 0.24 s).
 * Pauses between commands: Pareto with index 0.95, heavy-tailed as telnet gaps are (Paxson and Floyd, "Wide-area traffic: the
 * failure of Poisson modeling", 1995), from 8 s up. Keystroke obfuscation (OpenSSH 9.5 and later) is taken to be off.
 */
import { type Dialogue, drawn, Script, SECOND_US, serverThinkUs } from '../message.ts';
import { SshSession } from '../ssh.ts';

export const sshShell: Dialogue = {
  name: 'ssh-shell',
  label: 'other',
  ports: [22, 22, 2222],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const session = new SshSession(prng, operator);
    const opened = session.channel(script, session.open(script), true);
    const greetingBytes = operator.integer(40, 1_400); // message of the day
    const promptBytes = operator.integer(12, 60);
    const outputMedian = operator.between(60, 400);
    let last = script.follow(opened, session.data(greetingBytes), drawn(prng, 40_000, 0.8, 2_000, SECOND_US));
    last = script.follow(last, session.data(promptBytes), drawn(prng, 30_000, 0.8, 1_000, SECOND_US));

    let at = 3 * SECOND_US;
    while (at < durationUs) {
      at += Math.min(900, 8 * prng.pareto(1, 0.95)) * SECOND_US;
      const keys = drawn(prng, 7, 0.7, 1, 40);
      for (let key = 0; key < keys && at < durationUs; key++) {
        last = script.reply(script.sayAfter(last, at, session.data(1)), session.data(1), prng.integer(100, 2_000));
        at += drawn(prng, 200_000, 0.45, 50_000, 2 * SECOND_US);
      }
      const enter = script.sayAfter(last, at, session.data(1));
      last = script.reply(enter, session.data(2), prng.integer(100, 2_000));
      const writes = 1 + Math.min(5, Math.floor(prng.exponential(0.8)));
      for (let write = 0; write < writes; write++) {
        // Output in the pieces a program prints it in; a terminal hands on 4 kB at most.
        last = script.follow(last, session.data(drawn(prng, outputMedian, 1.2, 4, 4_096)), serverThinkUs(prng));
      }
      last = script.follow(last, session.data(promptBytes), serverThinkUs(prng));
    }
    return script.messages;
  },
};
