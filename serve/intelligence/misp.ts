/** MISP events (MISP core format): attributes, those in objects included, with `to_ids` set. */
import { listOf, objectOf, secondsOf, stringOf } from './bounded-json.ts';
import type { FeedBuilder } from './feed-builder.ts';
import { FEED_LIMITS } from './limits.ts';

type MispObject = Readonly<Record<string, unknown>>;

/** Galaxies whose clusters are names of malware: `misp-galaxy:malpedia="XMRIG"`. */
const MALWARE_TAG = /^misp-galaxy:(?:malpedia|mitre-malware|malware|tool|cryptominers|botnet)="([^"]{1,120})"$/;

export function readMispEvent(event: MispObject, builder: FeedBuilder): void {
  const malware = malwareOf(event);
  const attributes = [
    ...listOf(event['Attribute']),
    ...listOf(event['Object']).flatMap((object) => listOf(objectOf(object)?.['Attribute'])),
  ];
  for (const attribute of attributes) readAttribute(objectOf(attribute), malware, builder);
}

function readAttribute(attribute: MispObject | null, malware: string, builder: FeedBuilder): void {
  if (attribute === null) builder.leaveOut();
  else if (attribute['to_ids'] !== true || attribute['deleted'] === true) builder.withdraw();
  else {
    const lastSeen = secondsOf(attribute['last_seen'] ?? attribute['timestamp']);
    const facts = { risk: null, malware, lastSeen, validUntil: null };
    builder.addTyped(stringOf(attribute['type']), stringOf(attribute['value']), facts);
  }
}

function malwareOf(event: MispObject): string {
  for (const tag of listOf(event['Tag'])) {
    const found = MALWARE_TAG.exec(stringOf(objectOf(tag)?.['name']));
    if (found !== null) return found[1]!;
  }
  return stringOf(event['info']);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Files of the events that a manifest names, the newest first, at most FEED_LIMITS.mispEvents; names that are no UUIDs,
 * and so could lead elsewhere, are left out.
 */
export function eventFiles(manifest: unknown): readonly string[] {
  const entries = Object.entries(objectOf(manifest) ?? {}).filter(([uuid]) => UUID.test(uuid));
  const newest = entries.map(([uuid, entry]) => ({ uuid, at: secondsOf(objectOf(entry)?.['timestamp']) ?? 0 }));
  newest.sort((a, b) => b.at - a.at || (a.uuid < b.uuid ? -1 : 1));
  return newest.slice(0, FEED_LIMITS.mispEvents).map(({ uuid }) => `${uuid}.json`);
}
