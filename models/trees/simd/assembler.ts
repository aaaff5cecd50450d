/**
 * Just enough of WebAssembly's binary format to write a kernel down as expressions: each helper returns the bytes of one
 * expression, operands first, as https://webassembly.github.io/spec/core/binary/ lays them out.
 */

/** The bytes of an expression or of a part of the module. */
export type Code = readonly number[];

/** Types of locals. */
export const Type = { I32: 0x7f, V128: 0x7b } as const;
export type Type = (typeof Type)[keyof typeof Type];

const EMPTY_BLOCK = 0x40;
const END = 0x0b;
/** Every access is to a multiple of 4 bytes; what an alignment says is a hint only. */
const ALIGN_4 = 2;

/** Unsigned LEB128. */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128, of an int32. */
function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const join = (...parts: readonly Code[]): Code => ([] as number[]).concat(...parts);
const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
const memory = (offset: number): Code => [ALIGN_4, ...unsigned(offset)];

/** An operator of two operands. */
const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code =>
    join(a, b, opcode);

/** A load from `address + offset`. */
const load =
  (...opcode: number[]) =>
  (address: Code, offset = 0): Code =>
    join(address, opcode, memory(offset));

/** A store to `address + offset`. */
const store =
  (...opcode: number[]) =>
  (address: Code, value: Code, offset = 0): Code =>
    join(address, value, opcode, memory(offset));

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => join(value, [0x21, ...unsigned(local)]);

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  multiply: binary(0x6c),
  shiftLeft: binary(0x74),
  lessUnsigned: binary(0x49),
  trailingZeros: (a: Code): Code => join(a, [0x68]),
  load: load(0x28),
} as const;

export const i64 = {
  const: (value: number): Code => [0x42, ...signed(value)],
  or: binary(0x84),
  shiftLeft: binary(0x86),
  fromI32: (a: Code): Code => join(a, [0xad]),
  toI32: (a: Code): Code => join(a, [0xa7]),
  trailingZeros: (a: Code): Code => join(a, [0x7a]),
} as const;

export const f32 = { load: load(0x2a) } as const;

export const f64 = {
  add: binary(0xa0),
  fromF32: (a: Code): Code => join(a, [0xbb]),
  load: load(0x2b),
  store: store(0x39),
} as const;

export const v128 = {
  load: load(...simd(0x00)),
  store: store(...simd(0x0b)),
  /** One 32-bit value of memory in all four lanes. */
  loadSplat32: load(...simd(0x09)),
  ones: (): Code => join(simd(0x0c), new Array<number>(16).fill(0xff)),
  and: binary(...simd(0x4e)),
  /** a & ~b */
  andNot: binary(...simd(0x4f)),
  /** Four 32-bit lanes out of the eight of a (0 to 3) and b (4 to 7). */
  pick: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => {
    const bytes = lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]);
    return join(a, b, simd(0x0d), bytes);
  },
  lane32: (a: Code, lane: number): Code => join(a, simd(0x1b), [lane]),
} as const;

/** Comparisons of four lanes; all bits of a lane are set where it holds, and none where an operand is NaN. */
export const f32x4 = { greater: binary(...simd(0x44)), lessOrEqual: binary(...simd(0x45)) } as const;

/** Runs the body as long as the condition, asked before each turn, holds. */
export function whileLoop(condition: Code, ...body: readonly Code[]): Code {
  const [loop, ifThen, branch, outward] = [0x03, 0x04, 0x0c, 1];
  return join([loop, EMPTY_BLOCK], condition, [ifThen, EMPTY_BLOCK], ...body, [branch, outward], [END, END]);
}

export interface FunctionText {
  readonly name: string;
  /** i32 parameters: locals 0, 1, ... */
  readonly parameters: number;
  /** The locals behind them, by type, in this order. */
  readonly locals: readonly { readonly type: Type; readonly count: number }[];
  readonly body: readonly Code[];
}

/** A module that imports its memory as `env.memory` and exports functions that return nothing. */
export function moduleOf(functions: readonly FunctionText[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) =>
    join([0x60], vector(new Array<Code>(parameters).fill([Type.I32])), unsigned(0)),
  );
  const memoryImport = join(text('env'), text('memory'), [0x02, 0x00], unsigned(1));
  const exports = functions.map(({ name }, i) => join(text(name), [0x00], unsigned(i)));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([memoryImport])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(exports)),
    ...section(10, vector(functions.map(bodyOf))),
  ]);
}

function bodyOf({ locals, body }: FunctionText): Code {
  const runs = locals.map(({ type, count }) => join(unsigned(count), [type]));
  const code = join(vector(runs), ...body, [END]);
  return join(unsigned(code.length), code);
}

function section(id: number, content: Code): Code {
  return join([id], unsigned(content.length), content);
}

function vector(items: readonly Code[]): Code {
  return join(unsigned(items.length), ...items);
}

function text(ascii: string): Code {
  return vector([...ascii].map((letter) => [letter.charCodeAt(0)]));
}
