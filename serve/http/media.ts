/** Media types of rows and captures, and which of them an answer has. */
import { ErrorCode } from '../../core/errors.ts';
import { Refusal } from './refusal.ts';

export const Media = {
  Json: 'application/json',
  JsonLines: 'application/x-ndjson',
  ArrowStream: 'application/vnd.apache.arrow.stream',
  ArrowFile: 'application/vnd.apache.arrow.file',
  Capture: 'application/vnd.tcpdump.pcap',
  EventStream: 'text/event-stream',
} as const;
export type Media = (typeof Media)[keyof typeof Media];

export const SCORED_MEDIA = [Media.ArrowStream, Media.ArrowFile, Media.Json, Media.JsonLines, Media.Capture] as const;
export type ScoredMedia = (typeof SCORED_MEDIA)[number];

export const ANSWER_MEDIA = [Media.JsonLines, Media.Json, Media.ArrowStream] as const;
export type AnswerMedia = (typeof ANSWER_MEDIA)[number];

const IN_KIND: Readonly<Record<ScoredMedia, AnswerMedia>> = {
  [Media.ArrowStream]: Media.ArrowStream,
  [Media.ArrowFile]: Media.ArrowStream,
  [Media.Json]: Media.Json,
  [Media.JsonLines]: Media.JsonLines,
  [Media.Capture]: Media.JsonLines,
};

/** @throws Refusal 415 */
export function scoredMedia(type: string): ScoredMedia {
  const found = SCORED_MEDIA.find((media) => media === type);
  if (found !== undefined) return found;
  throw new Refusal(
    415,
    ErrorCode.FormatUnknown,
    {
      happened: type === '' ? 'the request says not what its body is' : 'the body is of a type that is not scored',
      expected: `Content-Type: one of ${SCORED_MEDIA.join(', ')}`,
      action: 'set the header',
    },
    { 'accept-post': SCORED_MEDIA.join(', ') },
  );
}

/**
 * What the answer to a body is written in: in kind, unless something else is asked for.
 *
 * @throws Refusal 406
 */
export function answerMedia(media: ScoredMedia, accept: string | undefined): AnswerMedia {
  const kind = IN_KIND[media];
  const wanted = acceptedTypes(accept);
  if (wanted.length === 0 || wanted.some((type) => type === kind || type === '*/*' || type === 'application/*'))
    return kind;
  const other = ANSWER_MEDIA.find((type) => wanted.includes(type));
  if (other !== undefined) return other;
  throw new Refusal(406, ErrorCode.FormatUnknown, {
    happened: 'the request accepts no form that rows are answered in',
    expected: `Accept: one of ${ANSWER_MEDIA.join(', ')}`,
    action: 'leave the header out, and the answer is in the form of the body',
  });
}

/** The types of an Accept header in their order, without those of weight 0. */
export function acceptedTypes(accept: string | undefined): string[] {
  return (accept ?? '')
    .split(',')
    .filter((part) => !/;\s*q=0(\.0*)?\s*$/i.test(part))
    .map((part) => part.split(';')[0]!.trim().toLowerCase())
    .filter((type) => type !== '');
}
