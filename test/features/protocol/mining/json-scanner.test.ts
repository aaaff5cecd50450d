/** JSON read byte by byte: what is kept is what JSON.parse says, however the bytes come; what is no JSON costs its line. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../../../core/prng.ts';
import { Key } from '../../../../features/protocol/mining/json-keys.ts';
import { JsonKind, type JsonMessage } from '../../../../features/protocol/mining/json-message.ts';
import { JsonScanner, ScanStatus } from '../../../../features/protocol/mining/json-scanner.ts';
import { MINING_LIMITS } from '../../../../features/protocol/mining/limits.ts';
import { mutate } from '../tls/mutate.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The methods of all objects, '!' for each place where there is no JSON; fed in pieces of so many bytes. */
function methodsIn(text: string | Uint8Array, piece = 1e9): string[] {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  const scanner = new JsonScanner();
  const found: string[] = [];
  for (let from = 0; from < bytes.length; from += piece) {
    const end = Math.min(bytes.length, from + piece);
    for (let at = from; at < end; at = scanner.at) {
      const status = scanner.feed(bytes, at, end);
      const { message } = scanner;
      if (status === ScanStatus.Whole) found.push(message.latin1(message.member(0, Key.method)));
      if (status === ScanStatus.Broken) found.push('!');
    }
  }
  return found;
}

/** The value of an object as JSON.parse would give it, as far as it is kept. */
function keptValue(message: JsonMessage, i: number): unknown {
  switch (message.kind(i)) {
    case JsonKind.True:
      return true;
    case JsonKind.False:
      return false;
    case JsonKind.Null:
      return null;
    case JsonKind.Number:
      return message.number(i);
    case JsonKind.String:
      return new TextDecoder().decode(message.text.subarray(message.textAt[i], message.textEnd[i]));
    case JsonKind.Array:
      return Array.from({ length: message.items(i) }, (_, place) => keptValue(message, message.item(i, place)));
    default:
      return undefined;
  }
}

describe('objects', () => {
  test.each([
    ['one a line', '{"method":"a"}\n{"method":"b"}\n', ['a', 'b']],
    ['with nothing between them', '{"method":"a"}{"method":"b"}', ['a', 'b']],
    ['in a batch', '[{"method":"a"}, {"method":"b"}]', ['a', 'b']],
    ['over lines, with blanks everywhere', '\r\n { \t"method"\n:\r\n"a" , "id" : 1 }\r\n', ['a']],
    ['with names in any order', '{"params":{"method":"x"},"id":[{"method":"y"}],"method":"a"}', ['a']],
    ['with escaped names', '{"\\u006det\\u0068od":"\\u0061"}', ['a']],
    ['whose last member of a name counts', '{"method":"a","method":"b"}', ['b']],
    ['with a longer name that begins the same', '{"methods":"a","metho":"b"}', ['']],
  ])('%s', (_, text, methods) => {
    for (const piece of [1, 2, 7, 1e9]) expect(methodsIn(text, piece)).toEqual(methods);
  });

  test.each([
    ['behind what is no JSON, at the next line', 'SSH-2.0-x {"method":"x"}\n{"method":"a"}\n', ['!', 'a']],
    ['behind a broken one', '{"method":a}\n{"method":"b"}', ['!', 'b']],
    ['behind a missing comma', '{"id":1 "method":"x"}\n{"method":"b"}', ['!', 'b']],
    ['behind brackets that do not match', '{"params":[}\n{"method":"b"}', ['!', 'b']],
    ['behind a number that is none', '{"id":1-2}\n{"method":"b"}', ['!', 'b']],
    ['behind a comma before the end', '{"id":1,}\n{"method":"b"}', ['!', 'b']],
    ['behind NUL bytes', '\0\0{"method":"x"}\n{"method":"b"}', ['!', 'b']],
  ])('are found again %s', (_, text, methods) => {
    for (const piece of [1, 3, 1e9]) expect(methodsIn(text, piece)).toEqual(methods);
  });
});

describe('values', () => {
  const valued = (text: string) => {
    const scanner = new JsonScanner();
    expect(scanner.feed(utf8(text), 0, utf8(text).length)).toBe(ScanStatus.Whole);
    return keptValue(scanner.message, scanner.message.member(0, Key.result));
  };

  test.each([
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"\\ude00x"',
    '"a\\\\\\"\\/\\b\\f\\n\\r\\t"',
    '"naïve \u{1F600}"',
    '-12.5e+3',
    '0',
    '[[1,2,null],true,false,"x",[]]',
    'null',
  ])('%s is what JSON.parse says', (text) => {
    expect(valued(`{"result":${text}}`)).toEqual(
      JSON.parse(text, (_, value) =>
        value === '\ud83d' ? '\ufffd' : (value?.replace?.(/^[\udc00-\udfff]/, '\ufffd') ?? value),
      ),
    );
  });

  test('of hexadecimal digits are known as such, however long', () => {
    const scanner = new JsonScanner();
    const bytes = utf8(`{"result":["0xAb${'0'.repeat(1000)}","xyz","0x","a0g"]}`);
    scanner.feed(bytes, 0, bytes.length);
    const { message } = scanner;
    const item = (place: number) => message.item(message.member(0, Key.result), place);
    expect([0, 1, 3].map((place) => message.isHex(item(place), 1))).toEqual([true, false, false]);
    expect(message.isHex(item(0), 1002, 1002)).toBe(true);
    expect(message.isHex(item(2), 1)).toBe(false);
  });
});

describe('bounds', () => {
  test('deep nesting ends the message, not the stream', () => {
    const deep = `{"params":${'['.repeat(1e6)}`;
    expect(methodsIn(`${deep}\n{"method":"a"}`)).toEqual(['!', 'a']);
  });

  test('a number of a million digits has no value and does no harm', () => {
    expect(methodsIn(`{"id":${'9'.repeat(1e6)},"method":"a"}`)).toEqual(['a']);
  });

  test('a name of a million bytes is no known one', () => {
    expect(methodsIn(`{"${'method'.repeat(1e5)}":"x","method":"a"}`)).toEqual(['a']);
  });

  test('a million members are counted and the first are kept', () => {
    const members = Array.from({ length: 1e5 }, (_, i) => `"k${i}":${i}`).join(',');
    const scanner = new JsonScanner();
    const bytes = utf8(`{"method":"a",${members}}`);
    expect(scanner.feed(bytes, 0, bytes.length)).toBe(ScanStatus.Whole);
    expect(scanner.message.count).toBe(MINING_LIMITS.values);
    expect(scanner.message.leftOut).toBe(1e5 + 2 - MINING_LIMITS.values);
  });

  test('texts are cut, their lengths are not', () => {
    const scanner = new JsonScanner();
    const bytes = utf8(`{"method":"${'x'.repeat(1e6)}"}`);
    scanner.feed(bytes, 0, bytes.length);
    const method = scanner.message.member(0, Key.method);
    expect(scanner.message.latin1(method)).toBe('x'.repeat(MINING_LIMITS.valueBytes));
    expect(scanner.message.lengths[method]).toBe(1e6);
  });

  test('a message that never ends is given up', () => {
    const scanner = new JsonScanner();
    const piece = utf8('{"method":"a","params":["');
    const more = new Uint8Array(1 << 20).fill(120);
    scanner.feed(piece, 0, piece.length);
    const statuses = Array.from({ length: 20 }, () => scanner.feed(more, 0, more.length));
    expect(statuses).toContain(ScanStatus.Broken);
    expect(scanner.isInside).toBe(false);
  });
});

test('mutated JSON: never throws, always goes on, and says of what is JSON what JSON.parse says', () => {
  const random = new Prng('json scanner');
  const seeds = [
    '{"id":1,"method":"mining.subscribe","params":["cgminer/4.10.0",null,"h",3333]}\n',
    '{"method":"login","params":{"login":"4\\u0041","pass":"x","agent":"a"},"id":"s"}\n',
    '[{"id":2,"result":[[["a","b"]],"0f",4],"error":null},{"id":3,"result":true}]\n',
  ].map(utf8);
  let parsed = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = mutate(random, random.pick(seeds));
    const found = methodsIn(bytes, random.pick([1, 5, 1e9]));
    expect(methodsIn(bytes)).toEqual(found);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      continue; // no JSON: any answer will do
    }
    const objects = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'object' && one !== null);
    if (objects.length !== (Array.isArray(value) ? value.length : 1) || objects.some(Array.isArray)) continue;
    parsed++;
    const methods = objects.map(({ method }) =>
      typeof method === 'string' ? Buffer.from(method).toString('latin1') : typeof method === 'number' ? null : '',
    );
    for (const [i, method] of methods.entries()) if (method !== null) expect(found[i]).toBe(method.slice(0, 256));
    expect(found).toHaveLength(objects.length);
  }
  expect(parsed).toBeGreaterThan(500);
});
