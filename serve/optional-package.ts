/** Packages that need not be installed: imported by names that a bundler does not see, when they are asked for. */
import { ErrorCode, FlowlampError } from '../core/errors.ts';

/** Stands in for `import()`. */
export type Importer = (name: string) => Promise<unknown>;

/**
 * @param needs what needs it, to begin an error with
 * @throws FlowlampError UNSUPPORTED where the package is not installed or does not load
 */
export async function loadOptional<T>(
  name: string,
  needs: string,
  load: Importer = (wanted) => import(wanted),
): Promise<T> {
  try {
    const module = (await load(name)) as { readonly default?: T };
    return module.default ?? (module as T);
  } catch (cause) {
    throw new FlowlampError(ErrorCode.Unsupported, {
      happened: `${needs} needs the package ${name}, which is not installed or does not load`,
      expected: `the optional package ${name}`,
      action: 'install it beside flowlamp with npm',
      cause,
    });
  }
}
