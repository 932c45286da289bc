import type { AddressBar } from '../src/state/address';

/** For tests only: a browser's address and history in memory. */
export class MemoryAddress implements AddressBar {
  entries: string[];
  #listeners = new Set<() => void>();
  #leaving = new Set<() => void>();
  #at = 0;

  constructor(hash = '') {
    this.entries = [hash];
  }

  read(): string {
    return this.entries[this.#at];
  }

  write(hash: string, mode: 'push' | 'replace'): void {
    if (mode === 'push') this.entries = [...this.entries.slice(0, ++this.#at), hash];
    else this.entries[this.#at] = hash;
  }

  listen(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  listenLeaving(leaving: () => void): () => void {
    this.#leaving.add(leaving);
    return () => this.#leaving.delete(leaving);
  }

  /** As when the page reloads. */
  leave(): void {
    this.#leaving.forEach((leaving) => leaving());
  }

  /** As Back (-1) and Forward (1) do. */
  travel(by: number): void {
    this.#at = Math.min(this.entries.length - 1, Math.max(0, this.#at + by));
    this.#listeners.forEach((changed) => changed());
  }
}
