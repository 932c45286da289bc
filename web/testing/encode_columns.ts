/** For tests only: writes the binary columns that `docs/http.md` describes, as the server would. */

export interface ColumnSpec {
  name: string;
  dtype: string;
  shape: number[];
  /** Little-endian elements, or strings for text. */
  data: ArrayBufferView | (string | null)[];
  /** One byte a row. */
  valid?: number[];
}

export function encodeColumns(
  columns: readonly ColumnSpec[],
  rest: Record<string, unknown> = {},
): ArrayBuffer {
  const parts: Uint8Array[] = [];
  let size = 0;
  const place = (bytes: Uint8Array) => {
    const offset = size;
    parts.push(bytes);
    size += Math.ceil(bytes.length / 8) * 8;
    return { offset, bytes: bytes.length };
  };
  const entries = columns.map(({ name, dtype, shape, data, valid }) => ({
    name,
    dtype,
    shape,
    ...(Array.isArray(data)
      ? { text: data }
      : place(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))),
    ...(valid ? { valid: place(Uint8Array.from(valid)) } : {}),
  }));
  const header = new TextEncoder().encode(JSON.stringify({ ...rest, columns: entries }));
  const length = Math.ceil(header.length / 8) * 8;
  const body = new Uint8Array(8 + length + size);
  body.set(new TextEncoder().encode('ETHC'));
  new DataView(body.buffer).setUint32(4, length, true);
  body.fill(0x20, 8, 8 + length);
  body.set(header, 8);
  let offset = 8 + length;
  for (const part of parts) {
    body.set(part, offset);
    offset += Math.ceil(part.length / 8) * 8;
  }
  return body.buffer;
}
