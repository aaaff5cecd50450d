/** Where the package lies, from the sources and from dist alike: samples, models and package.json are found from here. */
import { existsSync } from 'node:fs';

/** URL of the package's folder, with a slash at its end. */
export function packageRoot(): URL {
  const here = new URL('../', import.meta.url);
  return existsSync(new URL('package.json', here)) ? here : new URL('../', here);
}
