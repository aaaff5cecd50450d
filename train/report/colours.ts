/** Colours of classes by number, as names of CSS variables that the style sheet gives for light and dark pages. */
export const CLASS_COLOURS = 8;

export function colourOf(index: number): string {
  return `var(--c${index % CLASS_COLOURS})`;
}
