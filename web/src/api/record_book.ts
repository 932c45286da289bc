import { ApiError } from './source';
import type { RecordEntry, ReportIndex } from './report';

/** Elements of the page that hold the report. */
const INDEX_ID = 'ethogram-report';
const CHUNK_ID = 'ethogram-chunk-';

/** Chunks that are kept unpacked: a few megabytes each. */
const CHUNKS_KEPT = 24;

/** The answers that a report carries: packed in chunks, each unpacked when it is first needed. */
export class RecordBook {
  readonly #byPath = new Map<string, RecordEntry[]>();
  readonly #chunks = new Map<number, Promise<ArrayBuffer>>();

  /** `chunk` gives the packed bytes of a chunk: raw deflate. */
  constructor(
    entries: readonly RecordEntry[],
    private readonly chunk: (index: number) => Uint8Array<ArrayBuffer>,
  ) {
    for (const entry of entries) {
      const known = this.#byPath.get(entry.path);
      if (known) known.push(entry);
      else this.#byPath.set(entry.path, [entry]);
    }
  }

  /** All answers of a path whose query says at least what `query` says; a parameter that is null must not be there. */
  all(path: string, query: Readonly<Record<string, string | null>> = {}): RecordEntry[] {
    const wanted = Object.entries(query);
    return (this.#byPath.get(path) ?? []).filter(({ query: has }) =>
      wanted.every(([name, value]) => (value === null ? !(name in has) : has[name] === value)),
    );
  }

  /** The answer to exactly this question. Throws [`ApiError`] when the report has none. */
  exact(path: string, query: Readonly<Record<string, string>>): RecordEntry {
    const count = Object.keys(query).length;
    const found = this.all(path, query).find((entry) => Object.keys(entry.query).length === count);
    if (!found) throw notInReport();
    return found;
  }

  /** The bytes of an answer, in memory of their own. */
  async bytes({ chunk, offset, bytes }: RecordEntry): Promise<ArrayBuffer> {
    const unpacked = this.#chunks.get(chunk) ?? inflate(this.chunk(chunk));
    // Those used last are at the end of the map.
    this.#chunks.delete(chunk);
    this.#chunks.set(chunk, unpacked);
    if (this.#chunks.size > CHUNKS_KEPT) this.#chunks.delete(this.#chunks.keys().next().value!);
    return (await unpacked).slice(offset, offset + bytes);
  }

  async json<T>(entry: RecordEntry): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.bytes(entry))) as T;
  }
}

/** What to say where nothing was kept. */
export function notInReport(): ApiError {
  return new ApiError(404, {
    code: 'not_in_report',
    message: 'this is not in the report',
    hint: 'a report has what was chosen when it was made; `ethogram serve` shows everything of its runs',
  });
}

/** The report of this page. Throws when the page has none. */
export function reportOfPage(page: Document): { index: ReportIndex; book: RecordBook } {
  const text = page.getElementById(INDEX_ID)?.textContent;
  if (!text) throw new Error('this page has no report in it; `ethogram report` makes one');
  const index = JSON.parse(text) as ReportIndex;
  const book = new RecordBook(index.entries, (chunk) => {
    const packed = page.getElementById(CHUNK_ID + chunk)?.textContent;
    if (!packed) throw new Error(`the report is cut off: it lacks part ${chunk}; make or copy it again`);
    return bytesOfBase64(packed);
  });
  return { index, book };
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Unpacks raw deflate. */
export async function inflate(packed: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(unpacked).arrayBuffer();
}
