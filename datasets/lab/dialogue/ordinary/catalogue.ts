/**
 * Every ordinary dialogue, once, with its share of the ordinary sessions. Look-alikes are over-represented on purpose, bulk
 * transfers thinned: the easy negatives are not the interesting ones.
 */
import type { Share } from '../message.ts';
import { download } from './download.ts';
import { httpsBrowsing } from './https-browsing.ts';
import { imapIdle } from './imap-idle.ts';
import { jsonRpcNode } from './json-rpc-node.ts';
import { mqttKeepalive } from './mqtt-keepalive.ts';
import { pushNotifications } from './push-notifications.ts';
import { taskQueue } from './task-queue.ts';
import { telemetryBeacon } from './telemetry-beacon.ts';
import { tradingTicker } from './trading-ticker.ts';
import { videoSegments } from './video-segments.ts';
import { websocketChat } from './websocket-chat.ts';

export const ORDINARY: readonly Share[] = [
  { weight: 3.5, value: httpsBrowsing },
  { weight: 1.4, value: download },
  { weight: 4, value: telemetryBeacon },
  { weight: 3, value: websocketChat },
  { weight: 3, value: pushNotifications },
  { weight: 3, value: tradingTicker },
  { weight: 3, value: mqttKeepalive },
  { weight: 2, value: imapIdle },
  { weight: 3, value: jsonRpcNode },
  { weight: 0.8, value: videoSegments },
  { weight: 3, value: taskQueue },
];
