/**
 * Observable Plot on a document of jsdom: charts as SVG text. Both are optional packages, loaded when a report is drawn;
 * without them a report has its tables and no charts.
 */
import type * as ObservablePlot from '@observablehq/plot';
import { Html } from './html.ts';

export type Plot = typeof ObservablePlot;
type PlotOptions = ObservablePlot.PlotOptions;

export interface Easel {
  readonly Plot: Plot;
  /** The chart as an SVG element of fixed width that shrinks with the page. */
  draw(options: PlotOptions & { readonly describe: string }): Html;
}

/** Stands in for `import()`. */
export type Importer = (name: string) => Promise<unknown>;

interface Jsdom {
  readonly JSDOM: new (html: string) => { readonly window: { readonly document: unknown } };
}

/** Null where the packages are not installed. */
export async function openEasel(load: Importer = (name) => import(name)): Promise<Easel | null> {
  try {
    // By names that a bundler does not see: they stay packages of their own.
    const Plot = (await load('@observablehq/plot')) as Plot;
    const { JSDOM } = (await load('jsdom')) as Jsdom;
    const { document } = new JSDOM('').window;
    let drawn = 0;
    return {
      Plot,
      draw({ describe, ...options }) {
        // Plot styles by class: equal names on one page would share their styles.
        const className = `plot-${++drawn}`;
        const chart = Plot.plot({ ...options, document: document as never, className, ariaDescription: describe });
        return new Html((chart as unknown as { readonly outerHTML: string }).outerHTML);
      },
    };
  } catch {
    return null;
  }
}
