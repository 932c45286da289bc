import type { Layout } from './layout';
import { LAYOUT_BYTES_MAX, LayoutError, readLayout, writeLayout } from './read_layout';

/** Characters of a layout in an address. Longer ones are cut by mail programs and chat. */
export const LINK_CHARS_MAX = 6000;

/** A layout for the address: JSON, deflated, in base64url. */
export async function linkOfLayout(layout: Layout): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(writeLayout(layout)));
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The inverse of [`linkOfLayout`]. Throws [`LayoutError`]; a small link that unpacks to more than the limit is not unpacked. */
export async function layoutOfLink(link: string): Promise<Layout> {
  let json: unknown;
  try {
    const binary = atob(link.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
    json = JSON.parse(await unpacked(bytes));
  } catch (error) {
    if (error instanceof LayoutError) throw error;
    throw new LayoutError('the layout in this link cannot be read; it may have been cut', { cause: error });
  }
  return readLayout(json);
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > LAYOUT_BYTES_MAX) {
      void reader.cancel();
      throw new LayoutError(`the layout in this link is over the limit of ${LAYOUT_BYTES_MAX} bytes`);
    }
    parts.push(value);
  }
  return new Blob(parts).text();
}
