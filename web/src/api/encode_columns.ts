/** Writes columns of doubles as `docs/http.md` has them, for requests that carry many numbers. All have the same number of rows. */
export function encodeDoubles(columns: Readonly<Record<string, Float64Array>>): ArrayBuffer {
  let offset = 0;
  const entries = Object.entries(columns).map(([name, { length, byteLength }]) => {
    const entry = { name, dtype: 'float64', shape: [length], offset, bytes: byteLength };
    offset += byteLength;
    return entry;
  });
  const header = new TextEncoder().encode(JSON.stringify({ columns: entries }));
  // The columns start 8-byte aligned, as the header's length is a multiple of 8.
  const length = Math.ceil(header.length / 8) * 8;
  const body = new ArrayBuffer(8 + length + offset);
  const bytes = new Uint8Array(body);
  bytes.set(new TextEncoder().encode('ETHC'));
  new DataView(body).setUint32(4, length, true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(header, 8);
  Object.values(columns).forEach((column, i) => {
    // Machines that browsers run on are little-endian, as the format is.
    bytes.set(
      new Uint8Array(column.buffer, column.byteOffset, column.byteLength),
      8 + length + entries[i].offset,
    );
  });
  return body;
}
