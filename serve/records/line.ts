/** Records as lines of JSON. */
import { visibleJson } from '../../core/visible.ts';

/** One line of JSON, ended. Members that are undefined are left out. */
export function jsonLine(record: object): string {
  return `${visibleJson(JSON.stringify(record))}\n`;
}
