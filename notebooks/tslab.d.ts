/** What the cells use of the kernel's own module, for the compiler where the kernel is not installed. */
declare module 'tslab' {
  export const display: {
    /** A drawing as output of the cell. */
    svg(text: string): void;
  };
}
