import type { Json, Layout as SavedLayout } from '../api/wire';
import type { App } from '../state/app.svelte';
import type { Layout } from './layout';
import { LayoutEditor } from './layout_editor.svelte';
import { layoutOfLink, LINK_CHARS_MAX, linkOfLayout } from './layout_link';
import { LAYOUT_BYTES_MAX, readLayout, writeLayout } from './read_layout';

/** Parameters of the address: a layout that was not saved, and the name of one that was. */
const LINK = 'layout';
const SAVED = 'saved';

/** What a browser remembers of a project: the saved layout that was open, and changes that were not saved. */
interface Draft {
  saved: string | null;
  link: string | null;
}

/**
 * Which layout is open for a project: the default, one that was saved, or one that nobody saved yet. The last is in the address, so
 * that a link shows the same to others, and remembered by this browser.
 */
export class LayoutSession {
  readonly editor = new LayoutEditor();
  /** Layouts of the project; null until they are known. */
  saved = $state.raw<readonly SavedLayout[] | null>(null);
  /** Name of the layout that is open; null for the default. */
  name = $state<string | null>(null);
  /** Why a layout could not be shown or saved; empty when all is well. */
  problem = $state('');
  /** The layout is too long for an address. */
  tooLong = $state(false);
  /** False until the layout to begin with is known. */
  ready = $state(false);

  readonly #app: App;
  readonly #project: string;
  #default: Layout = [];
  /** What the address was told last; anything else in it came from outside. */
  #written: string | null = null;
  #turn = 0;

  constructor(app: App, project: string) {
    this.#app = app;
    this.#project = project;
  }

  /** What is shown while nobody chose otherwise; it may grow with the run. */
  setDefault(layout: Layout): void {
    this.#default = layout;
    if (this.ready && this.name === null) this.editor.follow(layout);
  }

  /** Reads the address, then what this browser remembers, then the default. Call it again when the address changes. */
  async open(link: string | null, saved: string | null): Promise<void> {
    if (this.ready && link === this.#written && saved === this.name) return;
    const turn = ++this.#turn;
    const first = !this.ready;
    if (this.saved === null) await this.#list();
    if (turn !== this.#turn) return;
    const draft = first && link === null && saved === null ? readDraft(this.#project) : { link, saved };
    this.problem = '';
    const base = this.#baseOf(draft.saved);
    let layout = base;
    if (draft.link !== null) {
      try {
        layout = await layoutOfLink(draft.link);
      } catch (error) {
        this.problem = `The layout of this link was not used: ${messageOf(error)}.`;
      }
      if (turn !== this.#turn) return;
    }
    this.editor.open(layout, base);
    this.ready = true;
    await this.remember();
  }

  /** Puts what is open into the address and into this browser's memory. Call it when the layout changed. */
  async remember(): Promise<void> {
    if (!this.ready) return;
    const turn = ++this.#turn;
    const { layout, edited } = this.editor;
    const link = edited ? await linkOfLayout(layout) : null;
    if (turn !== this.#turn) return;
    this.tooLong = link !== null && link.length > LINK_CHARS_MAX;
    this.#written = this.tooLong ? null : link;
    this.#app.router.set({ [LINK]: this.#written, [SAVED]: this.name });
    writeDraft(this.#project, { link, saved: this.name });
  }

  /** Saves what is open under a name, in place of the layout that had it. */
  async save(name: string): Promise<boolean> {
    const json = writeLayout(this.editor.layout);
    const bytes = new TextEncoder().encode(JSON.stringify(json)).length;
    if (bytes > LAYOUT_BYTES_MAX) {
      this.problem = `The layout has ${bytes} bytes, over the limit of ${LAYOUT_BYTES_MAX}: remove some panels.`;
      return false;
    }
    return this.#write(async () => {
      await this.#app.client.layouts.put(this.#project, name, json as unknown as { [key: string]: Json });
      this.name = name;
      this.editor.rebase(this.editor.layout);
    });
  }

  async rename(from: string, to: string): Promise<boolean> {
    const layout = this.saved?.find((one) => one.name === from)?.layout;
    if (!layout || from === to) return false;
    return this.#write(async () => {
      await this.#app.client.layouts.put(this.#project, to, layout);
      await this.#app.client.layouts.remove(this.#project, from);
      if (this.name === from) this.name = to;
    });
  }

  async remove(name: string): Promise<boolean> {
    return this.#write(async () => {
      await this.#app.client.layouts.remove(this.#project, name);
      if (this.name !== name) return;
      this.name = null;
      this.editor.rebase(this.#default);
    });
  }

  /** Shows a layout that was saved, or the default. Changes that were not saved can be had back by undo. */
  show(name: string | null): void {
    this.problem = '';
    const base = this.#baseOf(name);
    this.editor.change(base);
    this.editor.rebase(base);
    void this.remember();
  }

  async #write(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.problem = '';
      await this.#list();
      await this.remember();
      return true;
    } catch (error) {
      this.problem = `The layout was not saved: ${messageOf(error)}.`;
      return false;
    }
  }

  async #list(): Promise<void> {
    try {
      this.saved = await this.#app.client.layouts.list(this.#project);
    } catch {
      // Without them the page works all the same; saving will tell why it does not.
      this.saved = [];
    }
  }

  /** The layout of that name as it was saved; the default, and a reason, when there is none or it cannot be used. */
  #baseOf(name: string | null): Layout {
    this.name = null;
    if (name === null) return this.#default;
    const saved = this.saved?.find((one) => one.name === name);
    if (!saved) {
      this.problem = `There is no saved layout “${name}” in this project.`;
      return this.#default;
    }
    try {
      const layout = readLayout(saved.layout);
      this.name = name;
      return layout;
    } catch (error) {
      this.problem = `The saved layout “${name}” was not used: ${messageOf(error)}.`;
      return this.#default;
    }
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = 'hint' in error && typeof error.hint === 'string' ? `; ${error.hint}` : '';
  return `${error.message}${hint}`.replace(/\.$/, '');
}

const keyOf = (project: string) => `ethogram.layout.${project}`;

function readDraft(project: string): Draft {
  try {
    const { saved, link } = JSON.parse(localStorage.getItem(keyOf(project)) ?? '{}') as Partial<Draft>;
    return {
      saved: typeof saved === 'string' ? saved : null,
      link: typeof link === 'string' ? link : null,
    };
  } catch {
    return { saved: null, link: null };
  }
}

function writeDraft(project: string, draft: Draft): void {
  try {
    if (draft.link === null && draft.saved === null) localStorage.removeItem(keyOf(project));
    else localStorage.setItem(keyOf(project), JSON.stringify(draft));
  } catch {
    // Storage is switched off: the address still holds it.
  }
}
