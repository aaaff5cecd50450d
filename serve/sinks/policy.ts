/** What happens when a sink's queue is full. */
export const FullPolicy = {
  /** The oldest item that waits is lost and counted. */
  DropOldest: 'drop-oldest',
  /** Items go to disk, in a folder of the sink's own, until the destination has caught up. */
  Spill: 'spill',
  /** The source waits: only for sources that can, files. */
  Block: 'block',
} as const;
export type FullPolicy = (typeof FullPolicy)[keyof typeof FullPolicy];
export const FULL_POLICIES = Object.values(FullPolicy);
