/** What a site's servers add to every answer: the same text all day, another at the next site. */
import type { Prng } from '../../../core/prng.ts';
import { letters } from './message.ts';

/** Optional headers in the lengths they have in the wild: none on a bare service, half a kilobyte behind a careful front. */
const OPTIONAL: readonly ((operator: Prng) => string)[] = [
  (operator) =>
    `Server: ${operator.pick(['nginx', 'nginx/1.24.0 (Ubuntu)', 'Apache/2.4.58', 'Kestrel', 'cloudflare'])}`,
  (operator) => `Cache-Control: ${operator.pick(['no-store', 'no-cache, private', 'max-age=0, must-revalidate'])}`,
  () => 'Strict-Transport-Security: max-age=31536000; includeSubDomains',
  () => 'X-Content-Type-Options: nosniff',
  (operator) => `Vary: ${operator.pick(['Accept-Encoding', 'Origin', 'Accept-Encoding, Cookie'])}`,
  () => 'Access-Control-Allow-Origin: *',
  (operator) => `Via: 1.1 ${letters(operator, operator.integer(6, 30))}`,
  (operator) => `Content-Security-Policy: default-src 'self'; img-src ${letters(operator, operator.integer(20, 160))}`,
  () => 'Connection: keep-alive',
];

/** Lines for the `extra` of a response, each ended. */
export function drawServerHeaders(operator: Prng): string {
  const density = operator.between(0, 0.8);
  return OPTIONAL.filter(() => operator.chance(density))
    .map((header) => `${header(operator)}\r\n`)
    .join('');
}
