/** Where the package lies, from the sources and from dist alike: samples, models and package.json are found from here. */
import { existsSync, readFileSync } from 'node:fs';

/** URL of the package's folder, with a slash at its end. */
export function packageRoot(): URL {
  const here = new URL('../', import.meta.url);
  return existsSync(new URL('package.json', here)) ? here : new URL('../', here);
}

/** Of package.json, what `doctor` goes by. */
export interface PackageManifest {
  readonly engines: { readonly node: string };
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export function packageManifest(): PackageManifest {
  return JSON.parse(readFileSync(new URL('package.json', packageRoot()), 'utf8')) as PackageManifest;
}
