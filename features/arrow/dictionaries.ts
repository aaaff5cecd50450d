/** The dictionaries of a table, as its messages bring them. */
import type { BatchBody } from './body.ts';
import { ArrowDamage } from './flatbuffer.ts';
import { ARROW_LIMITS, type ArrowBounds } from './limits.ts';
import type { ArrowField } from './schema.ts';
import { type Dictionaries, Dictionary, openField } from './values.ts';

export class DictionaryShelf {
  readonly #fields = new Map<bigint, ArrowField>();
  readonly #held = new Map<bigint, Dictionary>();

  readonly #mostBytes: number;

  constructor(fields: readonly ArrowField[], { dictionaryBytes }: ArrowBounds = ARROW_LIMITS) {
    this.#mostBytes = dictionaryBytes;
    const visit = (field: ArrowField) => {
      if (field.dictionary !== null) this.#fields.set(field.dictionary.id, { ...field, dictionary: null });
      field.children.forEach(visit);
    };
    fields.forEach(visit);
  }

  get all(): Dictionaries {
    return this.#held;
  }

  /**
   * Takes the entries of a message.
   *
   * @param isDelta whether they stand behind those that are there, or in their place
   */
  async take(id: bigint, isDelta: boolean, body: BatchBody): Promise<void> {
    const field = this.#fields.get(id);
    // Of numbers, or of no column: not read.
    if (field?.type.kind !== 'text') return;
    const texts = await openField(field, body, this.#held);
    if (texts.kind !== 'texts') return;
    const dictionary = (isDelta ? this.#held.get(id) : undefined) ?? new Dictionary();
    dictionary.add(texts, body.takenBytes);
    this.#held.set(id, dictionary);
    let [bytes, entries] = [0, 0];
    for (const held of this.#held.values()) {
      bytes += held.bytes;
      entries += held.length;
    }
    if (bytes > this.#mostBytes || entries > ARROW_LIMITS.dictionaryEntries) {
      throw new ArrowDamage('its dictionaries do not fit the memory');
    }
  }
}
