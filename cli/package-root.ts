/** Where the package lies, from the sources and from dist alike: samples, models and package.json are found from here. */
import { existsSync, readFileSync } from 'node:fs';

/** URL of the package's folder, with a slash at its end. */
export function packageRoot(): URL {
  const here = new URL('../', import.meta.url);
  return existsSync(new URL('package.json', here)) ? here : new URL('../', here);
}

export function packageVersion(): string {
  const text = readFileSync(new URL('package.json', packageRoot()), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
