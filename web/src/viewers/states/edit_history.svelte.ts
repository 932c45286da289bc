/** Something that was done here and can be taken back. */
export interface Edit {
  /** For people: `Set renamed`. */
  doc: string;
  undo: () => void | Promise<void>;
}

const EDITS_MAX = 50;

/** What was done to sets and names of a map, to be taken back one after the other. */
export class EditHistory {
  #edits = $state.raw<readonly Edit[]>([]);
  error = $state.raw<unknown>(null);

  /** What is taken back next. */
  get last(): Edit | null {
    return this.#edits.at(-1) ?? null;
  }

  did(doc: string, undo: Edit['undo']): void {
    this.error = null;
    this.#edits = [...this.#edits, { doc, undo }].slice(-EDITS_MAX);
  }

  /** Takes the last edit back; one that fails stays, and `error` says why. */
  async undo(): Promise<void> {
    const { last } = this;
    if (!last) return;
    this.#edits = this.#edits.slice(0, -1);
    this.error = null;
    try {
      await last.undo();
    } catch (error) {
      this.#edits = [...this.#edits, last];
      this.error = error;
    }
  }

  /** The points are others: nothing of it can be taken back. */
  clear(): void {
    this.#edits = [];
    this.error = null;
  }
}
