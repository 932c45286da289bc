/** The newest used of a bounded number of things. */
export class Kept<Key, Thing> {
  readonly #things = new Map<Key, Thing>();

  constructor(readonly limit: number) {}

  /** The thing, marked as used; undefined when there is none. */
  get(key: Key): Thing | undefined {
    const thing = this.#things.get(key);
    if (thing === undefined) return undefined;
    this.#things.delete(key);
    this.#things.set(key, thing);
    return thing;
  }

  /** Keeps a thing; the one that was used longest ago goes when there are too many. */
  put(key: Key, thing: Thing): void {
    this.#things.delete(key);
    this.#things.set(key, thing);
    for (const oldest of this.#things.keys()) {
      if (this.#things.size <= this.limit) break;
      this.#things.delete(oldest);
    }
  }

  forget(key: Key, thing?: Thing): void {
    if (thing === undefined || this.#things.get(key) === thing) this.#things.delete(key);
  }

  get size(): number {
    return this.#things.size;
  }
}
