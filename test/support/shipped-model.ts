/** What tests need to know of the model that ships, whichever that is. */
import { readFileSync } from 'node:fs';

const card = JSON.parse(readFileSync(new URL('../../models/zoo/mining/card.json', import.meta.url), 'utf8')) as {
  readonly version: string;
  readonly inputs: readonly unknown[];
};

export const SHIPPED_VERSION = card.version;
/** `name@version`. */
export const SHIPPED_MODEL = `mining@${card.version}`;
export const SHIPPED_INPUTS = card.inputs.length;
