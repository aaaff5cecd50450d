/**
 * What a flow of DNS has said, in one run of bytes from `at` on, as it will stand in a row:
 *
 *     uint16 size, answers, length, nameLength, type, rcode; uint32 queries, txtBytes; // of this machine's byte order
 *     byte[nameLength] name; // UTF-8
 *     answer[answers]: uint8 lowLength, highLength; byte[] text; // as in a list of facts (vector/facts.ts)
 *
 * A hundred thousand flows may be held, each of which says little: objects of their own would cost more than reading does.
 */
import { textOf } from '../../../core/text-column.ts';
import { BLOCK_SIZES, LEAST_BLOCK, type Page, pageOf } from '../byte-blocks.ts';
import { CLEAR_LIMITS } from '../clear-limits.ts';

/** The block has LEAST_BLOCK << size bytes, of which `length` are used. */
const SIZE = 0;
const ANSWERS = 1;
const LENGTH = 2;
/** Bytes of the name; 0 while there is none, for the root is `.`. */
const NAME_LENGTH = 3;
const TYPE = 4;
/** And one more: 0 while there is none. */
const RCODE = 5;
const QUERIES = 3;
/** And one more: 0 while there is none. */
const TXT_BYTES = 4;
const HEADER = 20;

const ITEM_LENGTH = 2;
const MOST_32 = 0xffff_ffff;

/** Gives records room. */
export interface RecordMemory {
  /** Moves the record to a block of `size`; false if there is none. */
  grow(record: DnsRecord, size: number): boolean;
}

/** Shows one record after the other. */
export class DnsRecord {
  #page!: Page;
  #at = 0;

  /** Shows the record at `at` of the page. */
  turnTo(page: Page, at: number): this {
    this.#page = page;
    this.#at = at;
    return this;
  }

  /** Begins a record in a block of `size`. */
  clear(size: number): this {
    this.#page.bytes.fill(0, this.#at, this.#at + HEADER);
    this.#set(SIZE, size);
    this.#set(LENGTH, HEADER);
    return this;
  }

  /** The same in memory of its own. */
  copy(): DnsRecord {
    const { size } = this;
    const copy = new DnsRecord().turnTo(this.#page, this.#at);
    copy.moveTo(pageOf(LEAST_BLOCK << size), 0, size);
    return copy;
  }

  /** The block's size. */
  get size(): number {
    return this.#get(SIZE);
  }

  /** Copies the record to a block of `size`, where there must be room, and shows it there. */
  moveTo(page: Page, at: number, size: number): void {
    const { bytes } = this.#page;
    const end = this.#at + this.#get(LENGTH);
    for (let from = this.#at, to = at; from < end; ) page.bytes[to++] = bytes[from++]!;
    this.turnTo(page, at);
    this.#set(SIZE, size);
  }

  get hasName(): boolean {
    return this.#get(NAME_LENGTH) !== 0;
  }

  /** Bytes of the name are `bytes[nameAt, nameEnd)`; none if there is no name. Answers follow up to `end`. */
  get bytes(): Uint8Array {
    return this.#page.bytes;
  }

  get nameAt(): number {
    return this.#at + HEADER;
  }

  get nameEnd(): number {
    return this.nameAt + this.#get(NAME_LENGTH);
  }

  get end(): number {
    return this.#at + this.#get(LENGTH);
  }

  get answerCount(): number {
    return this.#get(ANSWERS);
  }

  /** Of the first question; of a first message without one the name and type of its first answer. */
  get name(): string | null {
    return this.hasName ? textOf(this.bytes, this.nameAt, this.nameEnd) : null;
  }

  get type(): number | null {
    return this.hasName ? this.#get(TYPE) : null;
  }

  /** Of the first response. */
  get rcode(): number | null {
    const rcode = this.#get(RCODE);
    return rcode === 0 ? null : rcode - 1;
  }

  /** Addresses and names in all responses, in their order, each once. */
  get answers(): string[] | null {
    const texts: string[] = [];
    const { bytes, end } = this;
    for (let at = this.nameEnd; at < end; ) {
      const next = itemEnd(bytes, at);
      texts.push(textOf(bytes, at + ITEM_LENGTH, next));
      at = next;
    }
    return texts.length === 0 ? null : texts;
  }

  /** Bytes of TXT data in all responses, null if there is none. */
  get txtBytes(): number | null {
    const bytes = this.#page.words[(this.#at >> 2) + TXT_BYTES]!;
    return bytes === 0 ? null : bytes - 1;
  }

  get queries(): number {
    return this.#page.words[(this.#at >> 2) + QUERIES]!;
  }

  countQuery(): void {
    this.#page.words[(this.#at >> 2) + QUERIES]!++;
  }

  addTxtBytes(count: number): void {
    const at = (this.#at >> 2) + TXT_BYTES;
    this.#page.words[at] = Math.min(MOST_32, Math.max(1, this.#page.words[at]!) + count);
  }

  setRcode(rcode: number): void {
    this.#set(RCODE, rcode + 1);
  }

  /** Writes the name, which must not be there yet; false if there is no room. */
  setName(text: Uint8Array, length: number, type: number, memory: RecordMemory): boolean {
    if (!this.#reserve(length, memory)) return false;
    const { bytes, nameAt, end } = this;
    // Answers may have come before.
    if (end > nameAt) bytes.copyWithin(nameAt + length, nameAt, end);
    for (let i = 0; i < length; i++) bytes[nameAt + i] = text[i]!;
    this.#set(NAME_LENGTH, length);
    this.#set(TYPE, type);
    this.#set(LENGTH, this.#get(LENGTH) + length);
    return true;
  }

  /** Adds an answer, if it is new and not one too many; false if there is no room. */
  addAnswer(text: Uint8Array, length: number, memory: RecordMemory): boolean {
    const count = this.#get(ANSWERS);
    if (count >= CLEAR_LIMITS.dnsAnswers || this.#has(text, length)) return true;
    if (!this.#reserve(ITEM_LENGTH + length, memory)) return false;
    const { bytes, end } = this;
    bytes[end] = length & 0xff;
    bytes[end + 1] = length >> 8;
    for (let i = 0, to = end + ITEM_LENGTH; i < length; i++) bytes[to++] = text[i]!;
    this.#set(ANSWERS, count + 1);
    this.#set(LENGTH, this.#get(LENGTH) + ITEM_LENGTH + length);
    return true;
  }

  #has(text: Uint8Array, length: number): boolean {
    const { bytes, end } = this;
    for (let at = this.nameEnd; at < end; ) {
      const next = itemEnd(bytes, at);
      if (next - at - ITEM_LENGTH === length) {
        let i = 0;
        while (i < length && bytes[at + ITEM_LENGTH + i] === text[i]) i++;
        if (i === length) return true;
      }
      at = next;
    }
    return false;
  }

  #reserve(count: number, memory: RecordMemory): boolean {
    const needed = this.#get(LENGTH) + count;
    let size = this.#get(SIZE);
    if (needed <= LEAST_BLOCK << size) return true;
    while (LEAST_BLOCK << size < needed) size++;
    return size < BLOCK_SIZES && memory.grow(this, size);
  }

  #get(field: number): number {
    return this.#page.halves[(this.#at >> 1) + field]!;
  }

  #set(field: number, value: number): void {
    this.#page.halves[(this.#at >> 1) + field] = value;
  }
}

function itemEnd(bytes: Uint8Array, at: number): number {
  return at + ITEM_LENGTH + (bytes[at]! | (bytes[at + 1]! << 8));
}
