/**
 * Real captures to measure against lie beside the repository in ../shared/data, where they are at hand at all; tests
 * that need them are skipped, visibly, without them.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../../../shared/data/', import.meta.url);

export const hasSharedData = existsSync(folder);

export function sharedPath(path: string): string {
  return fileURLToPath(new URL(path, folder));
}
