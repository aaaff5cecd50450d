/** The zstd compressor: WebAssembly of an optional package, loaded when it is asked for. Node 20 has none of its own. */
import { ErrorCode, FlowlampError } from '../../core/errors.ts';

/** What little of the package is used. */
interface ZstdModule {
  readonly Zstd: { load(): Promise<{ compress(bytes: Uint8Array, level: number): Uint8Array }> };
}

/** Stands in for `import()`. */
export type Importer = (name: string) => Promise<unknown>;

/** By measurement (docs/outputs.md): higher levels take several times as long for a few percent. */
const LEVEL = 3;
const PACKAGE = '@hpcc-js/wasm-zstd';

/** @throws FlowlampError UNSUPPORTED where the package is not installed or does not load */
export async function loadZstd(load: Importer = (name) => import(name)): Promise<(bytes: Uint8Array) => Uint8Array> {
  try {
    const { Zstd } = (await load(PACKAGE)) as ZstdModule;
    const zstd = await Zstd.load();
    return (bytes) => zstd.compress(bytes, LEVEL);
  } catch (cause) {
    throw new FlowlampError(ErrorCode.Unsupported, {
      happened: 'zstd, which --compress asks for, is not installed',
      expected: `the optional package ${PACKAGE}`,
      action: 'install it beside flowlamp with npm, or leave out --compress',
      cause,
    });
  }
}
