import type { Dtype } from './wire';

/**
 * Binary columns (`application/x-ethogram-columns`), decoded without a copy where the machine allows it.
 * The layout is in `docs/http.md`, "Binary columns".
 */

/** Longest header that is read. */
export const HEADER_BYTES_MAX = 64 * 1024 * 1024;

const MAGIC = 'ETHC';

/** The elements of one numeric column. 64-bit integers arrive as doubles: exact to 2^53, rounded beyond. */
export type Numbers =
  Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** One column: `data` for numbers, `text` for strings, never both. */
export interface Column {
  name: string;
  dtype: Dtype | 'text';
  /** Rows first, then the shape of a row. */
  shape: number[];
  rows: number;
  /** Elements, row after row. Empty for text. */
  data: Numbers;
  /** One byte a row, 0 where nothing was logged; null when every row is there. */
  valid: Uint8Array | null;
  /** One string a row, null where missing; null for numbers. */
  text: (string | null)[] | null;
}

/** A decoded answer. */
export interface Columns {
  /** The JSON header, whatever else it holds beside `columns`. */
  header: Record<string, unknown>;
  columns: Column[];
  byName: Map<string, Column>;
}

/** The body is not what its type says. */
export class ColumnsError extends Error {
  override name = 'ColumnsError';
}

/** Decodes a body. Throws [`ColumnsError`] that names the column, what was expected and what was found. */
export function decodeColumns(body: ArrayBuffer): Columns {
  if (body.byteLength < 8) throw new ColumnsError(`expected at least 8 bytes, found ${body.byteLength}`);
  const magic = String.fromCharCode(...new Uint8Array(body, 0, 4));
  if (magic !== MAGIC)
    throw new ColumnsError(`expected ${MAGIC} at the start, found ${JSON.stringify(magic)}`);
  const length = new DataView(body).getUint32(4, true);
  if (length > HEADER_BYTES_MAX || 8 + length > body.byteLength) {
    throw new ColumnsError(
      `header of ${length} bytes is longer than the body (${body.byteLength}) or the limit (${HEADER_BYTES_MAX})`,
    );
  }
  const header = parseHeader(body, length);
  const start = 8 + length;
  const columns = (header.columns as unknown[]).map((entry) => decodeColumn(body, start, entry));
  return { header, columns, byName: new Map(columns.map((column) => [column.name, column])) };
}

/** The column of that name. Throws when the answer lacks it. */
export function columnNamed(columns: Columns, name: string): Column {
  const column = columns.byName.get(name);
  if (!column) throw new ColumnsError(`expected a column ${JSON.stringify(name)}, found ${listed(columns)}`);
  return column;
}

/** All elements as doubles, NaN where nothing was logged. Shares memory when nothing has to change. */
export function doubles(column: Column): Float64Array {
  if (column.data instanceof Float64Array && !column.valid) return column.data;
  const values = Float64Array.from(column.data);
  if (column.valid && column.rows > 0) {
    const width = values.length / column.rows;
    column.valid.forEach((valid, row) => {
      if (!valid) values.fill(NaN, row * width, (row + 1) * width);
    });
  }
  return values;
}

/** True when row `row` was logged. */
export function isValid(column: Column, row: number): boolean {
  return column.text ? column.text[row] !== null : !column.valid || column.valid[row] !== 0;
}

function listed(columns: Columns): string {
  return columns.columns.map((column) => column.name).join(', ') || 'none';
}

function parseHeader(body: ArrayBuffer, length: number): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(body, 8, length)));
  } catch (cause) {
    throw new ColumnsError('the header is not JSON', { cause });
  }
  if (!isRecord(header) || !Array.isArray(header.columns)) {
    throw new ColumnsError('the header lacks its list of columns');
  }
  return header;
}

function decodeColumn(body: ArrayBuffer, start: number, entry: unknown): Column {
  if (!isRecord(entry) || typeof entry.name !== 'string') throw new ColumnsError('a column lacks its name');
  const { name, dtype } = entry;
  const fail = (why: string): never => {
    throw new ColumnsError(`column ${JSON.stringify(name)}: ${why}`);
  };
  const shape = entry.shape;
  if (!Array.isArray(shape) || shape.length === 0 || !shape.every(isNatural)) {
    return fail(`expected a shape that starts with the rows, found ${JSON.stringify(shape)}`);
  }
  const rows = shape[0] as number;
  const valid = entry.valid === undefined ? null : decodeValid(body, start, entry.valid, rows, fail);
  if (dtype === 'text') {
    const text = entry.text;
    if (
      !Array.isArray(text) ||
      text.length !== rows ||
      !text.every((row) => row === null || typeof row === 'string')
    ) {
      return fail(`expected ${rows} strings`);
    }
    return { name, dtype, shape, rows, data: new Uint8Array(0), valid, text };
  }
  const kind = typeof dtype === 'string' ? READERS[dtype as Dtype] : undefined;
  if (!kind) return fail(`unknown dtype ${JSON.stringify(dtype)}`);
  const count = shape.reduce((product: number, n: number) => product * n, 1);
  if (entry.bytes !== count * kind.size) {
    return fail(
      `expected ${count * kind.size} bytes for ${dtype} ${JSON.stringify(shape)}, found ${String(entry.bytes)}`,
    );
  }
  const offset = startOf(body, start, entry.offset, entry.bytes, fail);
  return {
    name,
    dtype: dtype as Dtype,
    shape,
    rows,
    data: kind.read(body, offset, count),
    valid,
    text: null,
  };
}

function decodeValid(
  body: ArrayBuffer,
  start: number,
  entry: unknown,
  rows: number,
  fail: (why: string) => never,
): Uint8Array {
  if (!isRecord(entry) || entry.bytes !== rows)
    return fail(`expected one byte of validity for each of ${rows} rows`);
  return new Uint8Array(body, startOf(body, start, entry.offset, rows, fail), rows);
}

function startOf(
  body: ArrayBuffer,
  start: number,
  offset: unknown,
  bytes: number,
  fail: (why: string) => never,
): number {
  if (!isNatural(offset) || start + offset + bytes > body.byteLength) {
    return fail(`${bytes} bytes at ${String(offset)} reach beyond the body of ${body.byteLength - start}`);
  }
  return start + offset;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

interface Reader {
  size: number;
  read(body: ArrayBuffer, offset: number, count: number): Numbers;
}

/** Machines that browsers run on are little-endian, as the format is; a column that is not aligned is copied first. */
function view<A extends Numbers | BigInt64Array | BigUint64Array>(
  Kind: { new (body: ArrayBuffer, offset: number, count: number): A; BYTES_PER_ELEMENT: number },
  body: ArrayBuffer,
  offset: number,
  count: number,
): A {
  const size = Kind.BYTES_PER_ELEMENT;
  if (offset % size === 0) return new Kind(body, offset, count);
  return new Kind(body.slice(offset, offset + count * size), 0, count);
}

const READERS: Record<Dtype, Reader> = {
  bool: { size: 1, read: (...at) => view(Uint8Array, ...at) },
  uint8: { size: 1, read: (...at) => view(Uint8Array, ...at) },
  uint16: { size: 2, read: (...at) => view(Uint16Array, ...at) },
  uint32: { size: 4, read: (...at) => view(Uint32Array, ...at) },
  uint64: { size: 8, read: (...at) => Float64Array.from(view(BigUint64Array, ...at), Number) },
  int8: { size: 1, read: (...at) => view(Int8Array, ...at) },
  int16: { size: 2, read: (...at) => view(Int16Array, ...at) },
  int32: { size: 4, read: (...at) => view(Int32Array, ...at) },
  int64: { size: 8, read: (...at) => Float64Array.from(view(BigInt64Array, ...at), Number) },
  float16: { size: 2, read: (...at) => Float32Array.from(view(Uint16Array, ...at), floatOfHalf) },
  float32: { size: 4, read: (...at) => view(Float32Array, ...at) },
  float64: { size: 8, read: (...at) => view(Float64Array, ...at) },
};

/** The value of 16 bits of IEEE half precision. */
function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
