/**
 * Mining in a protocol that does not exist: what every pool and miner must say to each other (work, shares, a word on each), in
 * sizes, formats and rhythms drawn per site. A model that has seen a thousand of them has seen mining, and not one program.
 */
import type { Prng } from '../../../../core/prng.ts';
import { joined } from '../bytes.ts';
import { keepAlive } from '../drawn/keepalive.ts';
import { playOpening } from '../drawn/opening.ts';
import { Voice } from '../drawn/voice.ts';
import { type Dialogue, type DialogueContext, drawn, type Message, Script, serverThinkUs } from '../message.ts';
import { timer } from '../rhythm.ts';
import { type DrawnPool, drawPool } from './drawn-habits.ts';
import { drawTimeline, type MiningEvent, Work } from './timeline.ts';

type Occasion = MiningEvent | { readonly kind: 'poll' | 'report'; readonly atUs: number };
type Submission = Extract<MiningEvent, { kind: 'share' }>;

/** Lateness of the miner's timers, microseconds. */
const LATENESS_US = 3_000;
/** Time a program takes to go on with a second write, microseconds. */
const secondWriteUs = (prng: Prng) => prng.integer(20, 400);

class PoolSession {
  readonly #script = new Script();
  readonly #voice: Voice;
  readonly #prng: Prng;
  readonly #context: DialogueContext;
  readonly #pool: DrawnPool;
  /** The pool speaks unasked. */
  readonly #pushes: boolean;
  /** Message after which either side says what it likes. */
  readonly #ready: number;
  readonly #work: Work;
  /** There is work that has not been handed out. */
  #fresh = false;
  /** Accepted shares that wait for an answer. */
  #unanswered = 0;
  /** The poll that is being held, and since when. */
  #held = -1;
  #heldUs = 0;

  constructor(context: DialogueContext) {
    const { operator } = context;
    this.#context = context;
    this.#pool = drawPool(operator);
    this.#prng = context.prng;
    this.#voice = new Voice(operator, context.prng.fork('voice'));
    const { way, opening, coalesces } = this.#pool;
    this.#pushes = way === 'pushed' || way === 'both';
    const welcomed = this.#pushes && coalesces;
    const welcome = playOpening(this.#script, this.#voice, this.#prng, opening, welcomed ? this.#job() : []);
    if (!this.#pushes) this.#ready = this.#handOut(this.#ask(welcome, 0), 0);
    else if (welcomed) this.#ready = welcome;
    else this.#ready = this.#together(this.#job(), (bytes) => this.#say(welcome, bytes));
    this.#work = new Work('', this.#ready);
    if (way === 'held') this.#hold(this.#ready, 0);
  }

  play(): readonly Message[] {
    const { context, untilUs, occasions } = this.#schedule();
    for (const occasion of occasions) {
      this.#losePatience(occasion.atUs);
      this.#meet(occasion);
    }
    this.#losePatience(untilUs);
    keepAlive(this.#script, this.#voice, context.prng.fork('keepalive'), this.#pool.keepalive, this.#ready, untilUs);
    return this.#script.messages;
  }

  #schedule() {
    const { coin, vardiff, templateSeconds, difficulty, way, pollUs, reportUs } = this.#pool;
    const context = { ...this.#context, difficulty: difficulty * (this.#context.difficulty ?? 1) };
    const events = drawTimeline(context, { coin, vardiff, templateSeconds });
    const last = events.at(-1);
    const untilUs = last?.kind === 'dismissal' ? last.atUs : context.durationUs;
    const own = (kind: 'poll' | 'report', periodUs: number): Occasion[] =>
      timer(context.prng.fork(kind), periodUs, LATENESS_US, untilUs).map((atUs) => ({ kind, atUs }));
    const polls = way === 'polled' || way === 'both' ? own('poll', pollUs) : [];
    const reports = reportUs > 0 ? own('report', reportUs) : [];
    return { context, untilUs, occasions: [...events, ...polls, ...reports].sort((a, b) => a.atUs - b.atUs) };
  }

  #meet(occasion: Occasion): void {
    const { atUs } = occasion;
    switch (occasion.kind) {
      case 'work':
        this.#fresh = true;
        if (this.#pushes) this.#push(atUs, this.#job(), true);
        else if (this.#held >= 0) this.#release(atUs);
        break;
      case 'target':
        this.#retarget(atUs);
        break;
      case 'share':
        this.#submit(occasion);
        break;
      case 'poll':
        this.#answer(this.#ask(this.#ready, atUs));
        break;
      case 'report':
        this.#report(atUs);
        break;
      case 'notice':
        if (this.#pushes) this.#push(atUs, [this.#voice.write('notice', this.#pool.notice)]);
        break;
      case 'dismissal':
        if (this.#pool.dismissal) this.#push(atUs, [this.#voice.write('dismissal', this.#pool.dismissal)]);
    }
  }

  /** The messages of one piece of work. */
  #job(): Uint8Array[] {
    const { size, second, branchBytes } = this.#pool.job;
    const more = branchBytes * this.#prng.integer(-1, 1);
    const job = this.#voice.write('job', { ...size, bytes: size.bytes + more });
    return second ? [job, this.#voice.write('second', second)] : [job];
  }

  /** Messages of one moment, in one write or in one each; the last. */
  #together(messages: readonly Uint8Array[], begin: (bytes: Uint8Array) => number): number {
    if (this.#pool.coalesces) return begin(joined(messages));
    const [first, ...rest] = messages;
    return rest.reduce((last, bytes) => this.#script.follow(last, bytes, secondWriteUs(this.#prng)), begin(first!));
  }

  #say(after: number, bytes: Uint8Array): number {
    return this.#script.sayOnce('server', after, 0, bytes, serverThinkUs(this.#prng));
  }

  #push(atUs: number, messages: readonly Uint8Array[], work = false): void {
    const last = this.#together(messages, (bytes) => this.#script.sayOnce('server', this.#ready, atUs, bytes));
    if (!work) return;
    this.#work.replace('', last);
    this.#fresh = false;
  }

  #retarget(atUs: number): void {
    const { targetWay, target } = this.#pool;
    this.#fresh = true; // who asks is told with the next answer
    if (!this.#pushes) return;
    const message = this.#voice.write('target', target);
    if (targetWay === 'message') this.#push(atUs, [message]);
    else this.#push(atUs, targetWay === 'job' ? this.#job() : [message, ...this.#job()], true);
  }

  #ask(after: number, atUs: number, thinkUs = this.#prng.integer(100, 3_000)): number {
    return this.#script.sayOnce('client', after, atUs, this.#voice.write('poll', this.#pool.poll), thinkUs);
  }

  #handOut(asked: number, atUs: number): number {
    const thinkUs = serverThinkUs(this.#prng);
    this.#fresh = false;
    return this.#together(this.#job(), (bytes) => this.#script.sayOnce('server', asked, atUs, bytes, thinkUs));
  }

  #answer(asked: number): void {
    const { unchanged } = this.#pool;
    if (unchanged && !this.#fresh) this.#say(asked, this.#voice.write('unchanged', unchanged));
    else this.#work.replace('', this.#handOut(asked, 0));
  }

  /** The miner asks again as soon as it was answered. */
  #hold(after: number, atUs: number): void {
    this.#held = this.#ask(after, 0);
    this.#heldUs = atUs;
  }

  #release(atUs: number): void {
    const given = this.#handOut(this.#held, atUs);
    this.#work.replace('', given);
    this.#hold(given, atUs);
  }

  /** Polls held for longer than the pool likes are answered without work. */
  #losePatience(untilUs: number): void {
    const { patienceUs, target } = this.#pool;
    while (this.#held >= 0 && patienceUs > 0 && this.#heldUs + patienceUs < untilUs) {
      const atUs = this.#heldUs + patienceUs;
      const empty = this.#voice.write('empty', this.#pool.unchanged ?? target);
      this.#hold(this.#script.sayOnce('server', this.#held, atUs, empty), atUs);
    }
  }

  #submit({ atUs, late, verdict }: Submission): void {
    const { share, answer } = this.#pool;
    const submit = this.#script.sayOnce('client', this.#work.of(late).message, atUs, this.#voice.write('share', share));
    const thinkUs = drawn(this.#prng, answer.checkUs, 0.6, 100, 2_000_000);
    if (verdict !== 'accepted') {
      if (answer.refusal) this.#script.reply(submit, this.#voice.write('verdict', answer.refusal), thinkUs);
      return;
    }
    if (answer.batch === 0 || ++this.#unanswered < answer.batch) return;
    this.#unanswered = 0;
    const said = [this.#voice.write('verdict', answer.size), ...(answer.carriesJob ? this.#job() : [])];
    const last = this.#together(said, (bytes) => this.#script.reply(submit, bytes, thinkUs));
    if (answer.carriesJob) this.#work.replace('', last);
  }

  #report(atUs: number): void {
    const { report, reportAnswer } = this.#pool;
    const told = this.#script.sayOnce('client', this.#ready, atUs, this.#voice.write('report', report));
    if (reportAnswer) this.#say(told, this.#voice.write('noted', reportAnswer));
  }
}

export const drawnPool: Dialogue = {
  name: 'drawn-pool',
  label: 'mining',
  ports: [3333, 4444, 5555, 7777, 8888, 9000, 14444],
  mixedFormats: true,
  play: (context) => new PoolSession(context).play(),
};
