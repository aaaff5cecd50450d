/**
 * AMQP 0-9-1: frames and the methods a client of a message broker needs. Frame: type, channel, length, payload, 0xCE
 * (specification 0-9-1, section 2.3). Class and method numbers are those of its appendix.
 */
import { bytesOf, type Part, u16, u32 } from '../bytes.ts';

const FrameKind = { Method: 1, Header: 2, Body: 3, Heartbeat: 8 } as const;
const FRAME_END = 0xce;

/** Class and method of what is said here. */
export const AmqpMethod = {
  Start: [10, 10],
  StartOk: [10, 11],
  Tune: [10, 30],
  TuneOk: [10, 31],
  Open: [10, 40],
  OpenOk: [10, 41],
  ChannelOpen: [20, 10],
  ChannelOpenOk: [20, 11],
  QueueDeclare: [50, 10],
  QueueDeclareOk: [50, 11],
  Qos: [60, 10],
  QosOk: [60, 11],
  Consume: [60, 20],
  ConsumeOk: [60, 21],
  Publish: [60, 40],
  Deliver: [60, 60],
  Ack: [60, 80],
  ConfirmSelect: [85, 10],
  ConfirmSelectOk: [85, 11],
} as const;

function frame(kind: number, channel: number, ...payload: Part[]): Uint8Array {
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  return bytesOf([kind], u16(channel), u32(length), ...payload, [FRAME_END]);
}

/** A string with its length in one byte, and one with its length in four. */
export const shortText = (text: string): Part => bytesOf([text.length], text);
export const longText = (text: string): Part => bytesOf(u32(text.length), text);
/** A table of long strings. */
export function table(entries: Readonly<Record<string, string>>): Part {
  const rows = bytesOf(...Object.entries(entries).flatMap(([key, value]) => [shortText(key), 'S', longText(value)]));
  return bytesOf(u32(rows.length), rows);
}

export const PROTOCOL_HEADER = bytesOf('AMQP', [0, 0, 9, 1]);
/** Eight bytes each way: the thinnest thing a broker says. */
export const HEARTBEAT = frame(FrameKind.Heartbeat, 0);

type Method = (typeof AmqpMethod)[keyof typeof AmqpMethod];

export function method([classId, methodId]: Method, channel: number, ...fields: Part[]): Uint8Array {
  return frame(FrameKind.Method, channel, u16(classId), u16(methodId), ...fields);
}

/** A method that carries content, its header (content type and delivery mode set) and its body, in one write. */
export function content(
  carrier: Method,
  channel: number,
  fields: readonly Part[],
  type: string,
  body: Uint8Array,
): Uint8Array {
  const properties = bytesOf(u16(0x9000), shortText(type), [2]);
  return bytesOf(
    method(carrier, channel, ...fields),
    frame(FrameKind.Header, channel, u16(60), u16(0), u32(0), u32(body.length), properties),
    frame(FrameKind.Body, channel, body),
  );
}
