/** Files of the package that are read at run time: found from the sources, from dist/ and from dist/cli alike. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of a file in the package: below the first folder upwards that has a package.json. */
export function packagePath(...parts: readonly string[]): string {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root);
  return join(root, ...parts);
}

/** Of the package: what cards and documents say made them. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }).version;
}
