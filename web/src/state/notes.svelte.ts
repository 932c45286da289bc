import { SvelteMap } from 'svelte/reactivity';

import { notesOf, type Client } from '../api/client';
import type { Events } from '../api/events';
import type { Tagged } from '../api/source';
import type { Notes } from '../api/wire';
import type { NotesChange } from './notes_edit';

/** How often a change is done anew because somebody else wrote in between. */
const ATTEMPTS_MAX = 5;

/** The last change that can be undone. */
export interface Done {
  run: string;
  change: NotesChange;
}

/** What people wrote about runs. Read when wanted, again whenever somebody writes; changed with `change`. */
export class NotesBook {
  /** The last change made here, until it is undone or another is made. */
  done = $state.raw<Done | null>(null);

  readonly #client: Client;
  readonly #events: Events;
  readonly #known = new SvelteMap<string, Tagged<Notes>>();
  readonly #errors = new SvelteMap<string, unknown>();
  /** One request after the other for each run: an answer that was overtaken would show what is no more. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(client: Client, events: Events) {
    this.#client = client;
    this.#events = events;
  }

  /** Follows what others write; the function returned stops. */
  start(): () => void {
    return this.#events.listen({
      runs: () => undefined,
      revision: () => undefined,
      notes: (run) => {
        for (const known of run === null ? [...this.#queues.keys()] : [run]) {
          if (this.#queues.has(known)) void this.#load(known);
        }
      },
    });
  }

  /** The notes of a run; undefined before they were read. */
  get(run: string | null): Notes | undefined {
    return run === null ? undefined : this.#known.get(run)?.value;
  }

  /** Why the notes of a run could not be read; undefined when they could. */
  error(run: string): unknown {
    return this.#errors.get(run);
  }

  /** Makes sure that the notes of a run arrive. */
  want(run: string): void {
    if (!this.#queues.has(run)) void this.#load(run);
  }

  /** Changes the notes of a run, on what others wrote in between if need be. Throws `ApiError`; then nothing was changed. */
  async change(run: string, change: NotesChange): Promise<void> {
    await this.#write(run, (notes) => change.apply(notes));
    this.done = { run, change };
  }

  /** Takes the last change back. Throws `ApiError`. */
  async undo(): Promise<void> {
    const done = this.done;
    if (!done) return;
    await this.#write(done.run, (notes) => done.change.revert(notes));
    if (this.done === done) this.done = null;
  }

  #load(run: string): Promise<void> {
    return this.#queue(run, async () => {
      try {
        this.#known.set(run, await this.#client.notes(run));
        this.#errors.delete(run);
      } catch (error) {
        this.#errors.set(run, error);
      }
    });
  }

  #write(run: string, edit: (notes: Notes) => Notes): Promise<void> {
    return this.#queue(run, async () => {
      let seen = this.#known.get(run) ?? (await this.#client.notes(run));
      for (let attempt = 1; ; attempt += 1) {
        try {
          this.#known.set(run, await this.#client.putNotes(run, edit(seen.value), seen.tag));
          this.#errors.delete(run);
          return;
        } catch (error) {
          const now = notesOf(error);
          if (!now || attempt === ATTEMPTS_MAX) throw error;
          seen = now;
        }
      }
    });
  }

  #queue(run: string, work: () => Promise<void>): Promise<void> {
    const before = this.#queues.get(run) ?? Promise.resolve();
    const after = before.then(work);
    this.#queues.set(
      run,
      after.catch(() => undefined),
    );
    return after;
  }
}
