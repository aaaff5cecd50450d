/**
 * Sinks as `--sink` takes them, `TYPE:TARGET?option=value&...`:
 *
 *     jsonl:/var/log/flowlamp/verdicts.jsonl?rotate-bytes=100M&gzip=true
 *     eve:/var/log/flowlamp/eve.json        eve:unix:/run/suricata/flowlamp.sock
 *     webhook:https://siem.example/hook?secret-env=FLOWLAMP_HOOK
 *     syslog:udp://127.0.0.1:514            syslog:unix:/run/syslog.sock
 *     arrow:/var/lib/flowlamp/rows          parquet:/var/lib/flowlamp/rows?policy=spill&spill-folder=/var/spool/flowlamp
 *
 * Everything behind the first `?` is options; a target with one of its own has to be in the configuration file.
 */
import { checkSinkConfig, invalid, typeOf } from './check-config.ts';
import type { SinkConfig, SinkType } from './config.ts';

/** @throws FlowlampError OPTION_INVALID, without the target, which may be a secret */
export function parseSinkUrl(text: string): SinkConfig {
  const match = /^([a-z]+):(.*)$/s.exec(text);
  if (match === null) {
    throw invalid('--sink names no sink', 'TYPE:TARGET, such as jsonl:/var/log/verdicts.jsonl', 'correct it');
  }
  const type = typeOf(match[1]);
  const [target, query] = parted(match[2]!);
  if (target === '') throw invalid(`--sink ${type}: names no target`, `${type}:TARGET`, 'say where it writes to');
  return checkSinkConfig({ type, ...targetOf(type, target), ...optionsOf(type, query) }, kebab);
}

function parted(text: string): [target: string, query: string] {
  const at = text.indexOf('?');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function targetOf(type: SinkType, target: string): object {
  switch (type) {
    case 'jsonl':
      return { path: target };
    case 'eve':
      return target.startsWith('unix:') ? { socket: target.slice('unix:'.length) } : { path: target };
    case 'webhook':
      return { url: target };
    case 'syslog':
      return { address: target };
    case 'arrow':
    case 'parquet':
      return { folder: target };
  }
}

function optionsOf(type: SinkType, query: string): object {
  const options = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) {
    const name = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (options.has(name)) {
      throw invalid(`--sink ${type}: says an option twice`, 'each option once', 'remove one');
    }
    // A target cannot be said twice either, nor a type.
    if (name === 'type' || Object.hasOwn(targetOf(type, 'x'), name)) {
      throw invalid(`--sink ${type}: says its target twice`, `${type}:TARGET?option=value`, 'remove the option');
    }
    options.set(name, value);
  }
  return Object.fromEntries(options);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
