/**
 * How many requests are scored at once, by the memory that they are taken to need: before a body is read, so that a thousand
 * of them cannot fill the memory together. First come, first served; who waits too long, or behind too many, is sent away.
 */
import type { HttpLimits } from './limits.ts';
import { busy } from './refusal.ts';

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
}

export class Admission {
  readonly #limits: HttpLimits;
  readonly #waiters: Waiter[] = [];
  #bytes = 0;
  #requests = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** Requests that were admitted and have not ended. */
  get running(): number {
    return this.#requests;
  }

  /**
   * @param bytes what the request is taken to need; more than there is counts as all of it
   * @returns to be called once, when the request has ended
   * @throws Refusal 503
   */
  async enter(bytes: number): Promise<() => void> {
    const needed = Math.min(bytes, this.#limits.admittedBytes);
    if (this.#waiters.length > 0 || !this.#fits(needed)) await this.#wait(needed);
    else this.#take(needed);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#bytes -= needed;
      this.#requests--;
      this.#admitWaiters();
    };
  }

  #fits(bytes: number): boolean {
    const { admittedBytes, admittedRequests } = this.#limits;
    return this.#requests < admittedRequests && this.#bytes + bytes <= admittedBytes;
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    this.#requests++;
  }

  #wait(bytes: number): Promise<void> {
    const { waitingRequests, waitMs } = this.#limits;
    if (this.#waiters.length >= waitingRequests) throw busy(`${waitingRequests} requests wait to be scored already`, 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(busy('there was no room to score the request in time', 1));
      }, waitMs);
      const waiter: Waiter = {
        bytes,
        admit: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #admitWaiters(): void {
    for (let next = this.#waiters[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiters[0]) {
      this.#waiters.shift();
      this.#take(next.bytes);
      next.admit();
    }
  }
}
