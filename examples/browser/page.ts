/** Scores captures in a page (index.html), so that they are sent nowhere: `esbuild examples/browser/page.ts --bundle --format=esm`. */
import { type BrowserModel, openModel, plainDigests, toJson } from 'flowlamp/browser';

/** What the page needs of the package, by its path there. */
export const FILES = {
  card: 'models/zoo/mining/card.json',
  onnx: 'models/zoo/mining/model.onnx',
  pools: 'serve/lists/pools.txt',
  hostNames: 'models/names/host-names.json',
} as const;

export type PageFiles = Readonly<Record<keyof typeof FILES, Uint8Array>>;

/** @param base where the files of the package are served */
export async function fetchFiles(base: string): Promise<PageFiles> {
  const bytes = async (path: string) => new Uint8Array(await (await fetch(base + path)).arrayBuffer());
  const parts = Object.entries(FILES).map(async ([name, path]) => [name, await bytes(path)]);
  return Object.fromEntries(await Promise.all(parts));
}

export function openMining({ card, onnx, pools, hostNames }: PageFiles): Promise<BrowserModel> {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const evidence = { pools: text(pools), hostNames: text(hostNames) };
  return openModel({ card: text(card), onnx }, { crypto: plainDigests, evidence });
}

/** The flows of a capture with their verdicts, as JSON has them. */
export async function scored(model: BrowserModel, name: string, capture: Uint8Array): Promise<object[]> {
  const rows: object[] = [];
  for await (const flow of model.score(capture, { name })) rows.push(toJson(flow));
  return rows;
}
