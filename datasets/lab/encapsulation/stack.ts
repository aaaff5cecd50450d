/** One channel over another: TLS through a proxy, WebSocket in TLS. The upper one's bytes are the lower one's messages. */
import type { Side } from '../dialogue/message.ts';
import { type Channel, type Flight, type KeepAlive, opposite, type Sealed } from './channel.ts';

/** @param upper opened already; both are used through the result alone from now on, and freed with it. */
export async function stacked(lower: Channel, upper: Channel): Promise<Channel> {
  const through = (from: Side, sealed: Sealed): Sealed =>
    sealed instanceof Uint8Array ? lower.seal(from, sealed) : sealed.then((bytes) => lower.seal(from, bytes));
  const base = lower.handshake.length;
  const flights: Flight[] = [...lower.handshake];
  for (const { from, bytes, after, thinkUs } of upper.handshake) {
    const shifted = after < 0 ? lower.readyAfter[from] : after + base;
    flights.push({ from, bytes: await lower.seal(from, bytes), after: shifted, thinkUs });
  }
  const readyAfter = (side: Side) => {
    const own = upper.readyAfter[side];
    return own < 0 ? lower.readyAfter[side] : own + base;
  };
  const carried = (keepAlive: KeepAlive): KeepAlive => ({
    ...keepAlive,
    ping: () => through(keepAlive.from, keepAlive.ping()),
    pong: () => through(opposite(keepAlive.from), keepAlive.pong()),
  });
  return {
    handshake: flights,
    readyAfter: { client: readyAfter('client'), server: readyAfter('server') },
    keepAlives: [...upper.keepAlives.map(carried), ...lower.keepAlives],
    seal: (from, bytes) => through(from, upper.seal(from, bytes)),
    reaction: () => {
      const above = upper.reaction();
      return above ? { from: above.from, bytes: () => through(above.from, above.bytes()) } : lower.reaction();
    },
    async farewell(from) {
      const flown: Pick<Flight, 'from' | 'bytes'>[] = [];
      for (const flight of await upper.farewell(from))
        flown.push({ from: flight.from, bytes: await lower.seal(flight.from, flight.bytes) });
      return [...flown, ...(await lower.farewell(from))];
    },
    dispose() {
      upper.dispose();
      lower.dispose();
    },
  };
}
