/**
 * Every ordinary dialogue, once, with its share of the ordinary sessions. Look-alikes are over-represented on purpose, bulk
 * transfers thinned: the easy negatives are not the interesting ones.
 */
import type { Share } from '../message.ts';
import { amqpSession } from './amqp-session.ts';
import { dnsOverTls } from './dns-over-tls.ts';
import { download } from './download.ts';
import { drawnService } from './drawn-service.ts';
import { electrumWallet } from './electrum-wallet.ts';
import { gameHeartbeat } from './game-heartbeat.ts';
import { grpcStream } from './grpc-stream.ts';
import { http2Browsing } from './http2-browsing.ts';
import { httpsBrowsing } from './https-browsing.ts';
import { imapIdle } from './imap-idle.ts';
import { jitteredBeacon } from './jittered-beacon.ts';
import { jsonRpcNode } from './json-rpc-node.ts';
import { languageServer } from './language-server.ts';
import { longPolling } from './long-polling.ts';
import { mqttKeepalive } from './mqtt-keepalive.ts';
import { nodeSubscription } from './node-subscription.ts';
import { postgresSession } from './postgres-session.ts';
import { pushNotifications } from './push-notifications.ts';
import { redisSession } from './redis-session.ts';
import { sshKeepalive } from './ssh-keepalive.ts';
import { sshShell } from './ssh-shell.ts';
import { taskQueue } from './task-queue.ts';
import { telemetryBeacon } from './telemetry-beacon.ts';
import { tradingTicker } from './trading-ticker.ts';
import { videoSegments } from './video-segments.ts';
import { vpnStream } from './vpn-stream.ts';
import { websocketChat } from './websocket-chat.ts';

export const ORDINARY: readonly Share[] = [
  // What a network mostly carries, thinned.
  { weight: 2.5, value: httpsBrowsing },
  { weight: 2.5, value: http2Browsing },
  { weight: 1.2, value: download },
  { weight: 0.8, value: videoSegments },
  { weight: 1.2, value: dnsOverTls },
  { weight: 1.2, value: sshShell },
  { weight: 1.2, value: languageServer },
  // Long and thin.
  { weight: 2.5, value: websocketChat },
  { weight: 2, value: imapIdle },
  { weight: 2, value: sshKeepalive },
  { weight: 2, value: vpnStream },
  { weight: 2, value: gameHeartbeat },
  { weight: 2, value: longPolling },
  { weight: 2, value: postgresSession },
  { weight: 2, value: redisSession },
  // Closest to mining: few sizes, pushes, small acknowledgements, random gaps, block times.
  { weight: 4, value: telemetryBeacon },
  { weight: 3, value: jitteredBeacon },
  { weight: 3, value: taskQueue },
  { weight: 3, value: tradingTicker },
  { weight: 3, value: mqttKeepalive },
  { weight: 3, value: pushNotifications },
  { weight: 3, value: amqpSession },
  { weight: 3, value: grpcStream },
  { weight: 3, value: jsonRpcNode },
  { weight: 3, value: electrumWallet },
  { weight: 2.5, value: nodeSubscription },
  // No protocol there is, and each site another: kept from being told apart from mining by what one program writes.
  { weight: 14, value: drawnService },
];
