/**
 * Which rows of a window are looked at: all of them at first, and of many every second, fourth, eighth. What is taken stands
 * for as many as its weight says, so shares stay those of all rows, and a window costs little however many rows it has.
 */
export class RowSample {
  readonly #room: number;
  #stride = 1;
  #until = 0;
  #sinceTaken = 0;

  /** @param room rows taken before every second one is, half as many before every fourth, and so on */
  constructor(room: number) {
    this.#room = room;
    this.begin();
  }

  /** A window begins. */
  begin(): void {
    this.#stride = 1;
    this.#until = this.#room;
    this.#sinceTaken = 0;
  }

  /** How many rows the next one stands for; 0 where it is not taken. */
  next(): number {
    if (++this.#sinceTaken < this.#stride) return 0;
    const weight = this.#sinceTaken;
    this.#sinceTaken = 0;
    if (--this.#until === 0) {
      this.#stride *= 2;
      this.#until = Math.max(1, this.#room >> 1);
    }
    return weight;
  }
}
