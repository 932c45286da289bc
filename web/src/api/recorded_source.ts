import { notInReport, type RecordBook } from './record_book';
import type { RecordEntry } from './report';
import type { Ask, Source, Tagged } from './source';

/** Answers to exactly the questions that were recorded. Nothing is asked of a network. */
export class RecordedSource implements Source {
  constructor(private readonly book: RecordBook) {}

  async json<T>(path: string, ask: Ask = {}): Promise<T> {
    return this.book.json(this.#entry(path, ask));
  }

  async bytes(path: string, ask: Ask = {}): Promise<ArrayBuffer> {
    return this.book.bytes(this.#entry(path, ask));
  }

  async stream(path: string, ask: Ask = {}): Promise<ReadableStream<Uint8Array>> {
    return new Blob([await this.bytes(path, ask)]).stream();
  }

  async tagged<T>(path: string, ask: Ask = {}): Promise<Tagged<T>> {
    const entry = this.#entry(path, ask);
    return { value: await this.book.json<T>(entry), tag: entry.tag ?? '' };
  }

  lines(): Promise<void> {
    return Promise.reject(notInReport());
  }

  #entry(target: string, { body, method, signal }: Ask): RecordEntry {
    signal?.throwIfAborted();
    if (method) throw notInReport();
    const cut = target.indexOf('?');
    const path = decodeURIComponent(cut < 0 ? target : target.slice(0, cut));
    const query = Object.fromEntries(new URLSearchParams(cut < 0 ? '' : target.slice(cut)));
    const said = typeof body === 'object' && body !== null ? Object.entries(body) : [];
    for (const [name, value] of said) if (value !== undefined) query[name] = String(value);
    return this.book.exact(path, query);
  }
}
