/** No encapsulation: the application writes straight to TCP. */
import type { Channel } from './channel.ts';

export function openPlain(): Channel {
  return {
    handshake: [],
    clientReadyAfter: -1,
    seal: async (_from, bytes) => bytes,
    farewell: async () => [],
    dispose: () => {},
  };
}
