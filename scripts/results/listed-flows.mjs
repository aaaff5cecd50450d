/** A list that names flows by the file of the capture and both endpoints, as flows.csv of labelled captures does. */
import { basename } from 'node:path';
import { csvRows } from '../../dist/features/files/lines.js';

/** The keys of the flows that the list names. */
export async function miningFlows(path) {
  const keys = new Set();
  for await (const [file, a, b] of csvRows(path)) keys.add([basename(file), ...[a, b].sort()].join(' '));
  return keys;
}

/** File and both endpoints, whichever is the client. */
export function keyOf({ capture, src_ip, src_port, dst_ip, dst_port }) {
  return [basename(capture), ...[`${src_ip}:${src_port}`, `${dst_ip}:${dst_port}`].sort()].join(' ');
}
