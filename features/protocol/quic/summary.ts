/** What is kept of a QUIC connection. */
import type { TransportParameters } from './transport-parameters.ts';

/**
 * @typeParam Client what is kept of the ClientHello
 * @typeParam Server what is kept of the ServerHello
 */
export class QuicSummary<Client, Server> {
  client: Client | null = null;
  server: Server | null = null;
  /** The version in use: the server's once it has spoken. */
  version: string | null = null;
  /** The version that the client began with. */
  clientVersion: string | null = null;
  /** Lengths of the connection ids that the client's first packet and the server's carry, bytes; -1 if not seen. */
  clientDcidLength = -1;
  clientScidLength = -1;
  serverScidLength = -1;
  hasRetry = false;
  hasZeroRtt = false;
  hasNegotiation = false;
  clientInitials = 0;
  serverInitials = 0;
  /** Error of the first CONNECTION_CLOSE in an Initial (RFC 9000 20). */
  closeError: number | null = null;
  parameters: TransportParameters | null = null;
  /** Server name of a Google CHLO, which is no TLS, or of a ClientHello that the capture cut. */
  plainName: string | null = null;
  plainUserAgent: string | null = null;

  /** The same, to go on with while this one stays as it is. */
  copy(): QuicSummary<Client, Server> {
    return Object.assign(new QuicSummary<Client, Server>(), this);
  }
}
