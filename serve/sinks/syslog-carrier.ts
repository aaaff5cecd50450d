/** The carrier that an address of syslog stands for. */
import { readFileSync } from 'node:fs';
import { connect, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { ErrorCode, FlowlampError } from '../../core/errors.ts';
import { invalid } from './check-config.ts';
import type { SyslogConfig } from './config.ts';
import { StreamConnection } from './stream-connection.ts';
import { type Carrier, streamCarrier, UdpCarrier } from './syslog.ts';

/** 514 is that of UDP (RFC 5426), 6514 that of TLS (RFC 5425); for TCP none is registered, and 514 is what is used. */
const PORTS: Readonly<Record<string, number>> = { udp: 514, tcp: 514, tls: 6514 };

/** @throws FlowlampError OPTION_INVALID, KEY_INVALID for files of TLS that cannot be read */
export function openCarrier(config: SyslogConfig): Carrier {
  const framing = config.framing ?? 'octet-counting';
  const path = /^unix:(\/.+)$/s.exec(config.address)?.[1];
  if (path !== undefined) return streamCarrier(unixConnection(path), framing);
  const { scheme, host, port } = placeOf(config.address);
  if (scheme === 'udp') return new UdpCarrier(host, port);
  if (scheme === 'tcp') {
    return streamCarrier(new StreamConnection(() => ({ socket: connect({ host, port }), ready: 'connect' })), framing);
  }
  const options = tlsOptions(config, host, port);
  return streamCarrier(new StreamConnection(() => ({ socket: connectTls(options), ready: 'secureConnect' })), framing);
}

export function unixConnection(path: string): StreamConnection {
  return new StreamConnection(() => ({ socket: connect({ path }), ready: 'connect' }));
}

function placeOf(address: string): { scheme: string; host: string; port: number } {
  const match = /^(udp|tcp|tls):\/\/(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/.exec(address);
  const port = Number(match?.[4] ?? PORTS[match?.[1] ?? ''] ?? 0);
  if (match !== null && port > 0 && port < 65_536) return { scheme: match[1]!, host: match[2] ?? match[3]!, port };
  throw invalid(
    'the address of a sink syslog is none',
    'udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:/PATH',
    'correct it',
  );
}

/** The server's certificate is always checked, against the name that is given or else HOST. */
function tlsOptions(config: SyslogConfig, host: string, port: number): ConnectionOptions {
  const { caFile, certFile, keyFile, serverName } = config;
  return {
    host,
    port,
    minVersion: 'TLSv1.2',
    // An address is no name that could be asked for (RFC 6066 3).
    servername: serverName ?? (isIP(host) === 0 ? host : ''),
    ...(caFile !== undefined && { ca: readPem(caFile) }),
    ...(certFile !== undefined && { cert: readPem(certFile) }),
    ...(keyFile !== undefined && { key: readPem(keyFile) }),
  };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new FlowlampError(ErrorCode.KeyInvalid, {
      happened: `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      expected: 'a file in PEM that the sidecar may read',
      action: 'correct the path',
      cause,
    });
  }
}
