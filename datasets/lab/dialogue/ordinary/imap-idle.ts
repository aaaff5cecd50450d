/**
 * A mail client that signs in, looks at the inbox and waits in IDLE (RFC 2177, which asks to renew before 30 minutes), renewing
 * it and fetching what arrives. Mail arrives at random (Poisson), more often than in most inboxes so that captures show some;
 * fetched text is log-normal around 1.2 kB (chosen: attachments are not fetched).
 */
import { type Dialogue, drawn, letters, Script, SECOND_US, serverThinkUs } from '../message.ts';

export const imapIdle: Dialogue = {
  name: 'imap-idle',
  label: 'other',
  ports: [993],
  play({ prng, operator, durationUs, host }) {
    const script = new Script();
    let tag = 1;
    const capabilities = operator
      .shuffle([
        'NAMESPACE',
        'MULTIAPPEND',
        'UNSELECT',
        'CHILDREN',
        'QUOTA',
        'SORT',
        'THREAD=REFERENCES',
        'CONDSTORE',
        'MOVE',
      ])
      .slice(0, operator.integer(1, 9))
      .join(' ');
    const readyText = letters(operator, operator.integer(3, 40));
    const idling = operator.pick(['+ idling', '+ waiting', '+ IDLE accepted, awaiting DONE command.']);
    const closingText = operator.pick([
      'OK Idle completed.',
      'OK IDLE terminated',
      'OK Idle completed (0.001 + 0.000 secs).',
    ]);
    let last = script.say(
      'server',
      0,
      `* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+] ${host} ${readyText} ready.\r\n`,
    );
    const command = (text: string, answer: (tag: string) => string) => {
      const name = `a${String(tag++).padStart(3, '0')}`;
      const ask = script.reply(last, `${name} ${text}\r\n`, drawn(prng, 3_000, 0.8, 200, 200_000));
      last = script.reply(ask, answer(name), serverThinkUs(prng));
    };
    command(
      `AUTHENTICATE PLAIN ${letters(prng, prng.integer(40, 90))}`,
      (t) => `${t} OK [CAPABILITY IMAP4rev1 IDLE ${capabilities}] Logged in\r\n`,
    );
    let messages = prng.integer(20, 9_000);
    command(
      'SELECT INBOX',
      (t) =>
        `* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* ${messages} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY ${prng.integer(1e9, 2e9)}] UIDs valid\r\n${t} OK [READ-WRITE] Select completed.\r\n`,
    );

    const renewUs = operator.pick([120, 300, 540, 1_740]) * SECOND_US;
    const stillHereUs = operator.pick([0, 60, 120]) * SECOND_US; // "* OK Still here", as one well-known server sends
    const mailMeanUs = prng.pick([60, 200, 600]) * SECOND_US;
    let idleSinceUs = 2 * SECOND_US;
    let mailAtUs = idleSinceUs + prng.exponential(mailMeanUs);
    while (idleSinceUs < durationUs) {
      const name = `a${String(tag++).padStart(3, '0')}`;
      const idle = script.sayAfter(last, idleSinceUs, `${name} IDLE\r\n`);
      last = script.reply(idle, `${idling}\r\n`, serverThinkUs(prng));
      const endUs = Math.min(idleSinceUs + renewUs, mailAtUs);
      for (let at = idleSinceUs + stillHereUs; stillHereUs > 0 && at < endUs; at += stillHereUs) {
        script.say('server', at, '* OK Still here\r\n');
      }
      const arrived = mailAtUs <= idleSinceUs + renewUs;
      if (arrived) last = script.say('server', endUs, `* ${++messages} EXISTS\r\n`);
      const done = script.sayAfter(last, endUs, 'DONE\r\n', drawn(prng, 20_000, 1, 300, 900_000));
      last = script.reply(done, `${name} ${closingText}\r\n`, serverThinkUs(prng));
      if (arrived) {
        const mail = letters(prng, drawn(prng, 1_200, 0.8, 200, 9_000));
        command(
          `UID FETCH ${messages} (UID FLAGS BODY.PEEK[])`,
          (t) =>
            `* ${messages} FETCH (UID ${messages} FLAGS () BODY[] {${mail.length}}\r\n${mail})\r\n${t} OK Fetch completed.\r\n`,
        );
        mailAtUs = endUs + prng.exponential(mailMeanUs);
      }
      idleSinceUs = endUs + SECOND_US;
    }
    return script.messages;
  },
};
