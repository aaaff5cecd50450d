/** examples/browser as whoever builds a page bundles it. */
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Format } from 'esbuild';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Bundle {
  readonly code: string;
  /** Names of modules that were asked for and are of Node or stand outside of the bundle. */
  readonly outside: readonly string[];
}

/** @throws Error where something cannot be had in a browser, such as a module of Node */
export async function bundled(format: Format): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['examples/browser/page.ts'],
    bundle: true,
    minify: true,
    format,
    ...(format === 'iife' ? { globalName: 'page' } : {}),
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const isOutside = ({ path, external }: { readonly path: string; readonly external?: boolean }) =>
    external === true || path.startsWith('node:') || path.startsWith('(disabled)') || builtinModules.includes(path);
  return { code: outputFiles[0]!.text, outside: imports.filter(isOutside).map(({ path }) => path) };
}
