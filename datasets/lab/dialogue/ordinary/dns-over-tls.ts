/**
 * A stub resolver that keeps one connection to its resolver (RFC 7858): two bytes of length before each message, questions in
 * pairs (A and AAAA) and bursts, answers in whatever order they are found. Where both ends pad (RFC 8467), questions have
 * multiples of 128 bytes and answers multiples of 468, whatever was asked: two sizes, request and answer paired.
 *
 * Bursts with exponential pauses, chosen; names a log-normal 18 characters; a cached answer in milliseconds, another in tens.
 */
import type { Prng } from '../../../../core/prng.ts';
import { bytesOf, filler, type Part, u16, u32 } from '../bytes.ts';
import { type Dialogue, drawn, letters, Script, SECOND_US } from '../message.ts';
import { bursts, inOrder, poisson } from '../rhythm.ts';

const RecordType = { A: 1, Aaaa: 28, Opt: 41, Https: 65 } as const;
const CLASS_IN = 1;
const OPTION_COOKIE = 10;
const OPTION_PADDING = 12;
const QUERY_BLOCK = 128;
const RESPONSE_BLOCK = 468;
const UDP_SIZE = 1_232;
const HEADER_BYTES = 12;
const OPT_BYTES = 11;

/** Labels with their lengths, and the root. */
const wireName = (name: string): Part => bytesOf(...name.split('.').flatMap((label) => [[label.length], label]), [0]);

/**
 * Header, question, answers, and an OPT record with the given options that pads to the block (RFC 7830); block 0: no padding.
 */
function dnsMessage(
  id: number,
  flags: number,
  question: Part,
  answers: readonly Part[],
  block: number,
  options: Part,
): Uint8Array {
  const answerBytes = answers.reduce((sum, part) => sum + part.length, 0);
  const bodyBytes = HEADER_BYTES + question.length + answerBytes + OPT_BYTES + options.length;
  const padding = block > 0 ? (block - ((bodyBytes + 4) % block)) % block : 0;
  const padded = block > 0 ? bytesOf(options, u16(OPTION_PADDING), u16(padding), new Uint8Array(padding)) : options;
  const opt = bytesOf([0], u16(RecordType.Opt), u16(UDP_SIZE), u32(0), u16(padded.length), padded);
  const header = bytesOf(u16(id), u16(flags), u16(1), u16(answers.length), u16(0), u16(1));
  const message = bytesOf(header, question, ...answers, opt);
  return bytesOf(u16(message.length), message);
}

/** The name pointed back at, type, class, lifetime, address. */
function address(prng: Prng, type: number): Part {
  const data = filler(prng, type === RecordType.A ? 4 : 16);
  return bytesOf([0xc0, HEADER_BYTES], u16(type), u16(CLASS_IN), u32(prng.integer(20, 3_600)), u16(data.length), data);
}

export const dnsOverTls: Dialogue = {
  name: 'dns-over-tls',
  label: 'other',
  ports: [853, 853, 443],
  play({ prng, operator, durationUs }) {
    const script = new Script();
    const pads = operator.chance(0.7);
    const hitShare = operator.between(0.3, 0.95);
    const hitUs = operator.between(300, 4_000);
    const answersMax = operator.integer(1, 6); // resolvers that trim, and those that hand on all they heard
    const cookieBytes = operator.pick([0, 0, 28]); // DNS cookie of client and server (RFC 7873)
    const domain = operator.pick(['example', 'corp.example', `${letters(operator, operator.integer(3, 20))}.example`]);
    const asksHttps = prng.chance(0.4);
    const lone = prng.chance(0.5); // a device that looks one name up now and then, not a browser
    const cookie =
      cookieBytes > 0 ? bytesOf(u16(OPTION_COOKIE), u16(cookieBytes - 4), filler(prng, cookieBytes - 4)) : '';
    const quietUs = prng.pick([30, 45, 90, 180]) * SECOND_US;
    const events = prng.fork('lookups');
    const lookups = inOrder({
      lone: lone ? poisson(events, quietUs, durationUs) : [],
      page: lone ? [] : bursts(events, { quietUs, more: 3, gapUs: 60_000 }, durationUs).flat(),
    });
    for (const { atUs } of [{ atUs: prng.integer(200, 4_000) }, ...lookups]) {
      const name = `${letters(prng, drawn(prng, 12, 0.6, 2, 60))}.${domain}`.toLowerCase();
      const types = [RecordType.A, RecordType.Aaaa, ...(asksHttps ? [RecordType.Https] : [])];
      for (const type of lone ? types.slice(0, 1) : types) {
        const id = prng.below(65_536);
        const question = bytesOf(wireName(name), u16(type), u16(CLASS_IN));
        const asked = script.say('client', atUs, dnsMessage(id, 0x0100, question, [], pads ? QUERY_BLOCK : 0, cookie));
        const count = type === RecordType.Https ? 0 : prng.integer(1, answersMax);
        const answers = Array.from({ length: count }, () => address(prng, type));
        const foundUs = prng.chance(hitShare)
          ? drawn(prng, hitUs, 0.6, 100, 20_000)
          : drawn(prng, 45_000, 0.9, 4_000, 2e6);
        script.reply(asked, dnsMessage(id, 0x8180, question, answers, pads ? RESPONSE_BLOCK : 0, cookie), foundUs);
      }
    }
    return script.messages;
  },
};
