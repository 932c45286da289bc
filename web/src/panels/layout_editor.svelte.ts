import {
  freshId,
  nudged,
  reshaped,
  shifted,
  withChange,
  withoutPanel,
  withPanel,
  type Box,
  type Layout,
  type Panel,
  type Spec,
} from './layout';
import { initialSpec, kindNamed } from './registry';
import { writeLayout } from './read_layout';

/** Changes that can be taken back. */
const UNDO_MAX = 100;

/** The layout on the screen, and what was there before each change of it. */
export class LayoutEditor {
  layout = $state.raw<Layout>([]);
  #past = $state.raw<readonly Layout[]>([]);
  #future = $state.raw<readonly Layout[]>([]);
  /** What it would go back to: the default, or the one that was saved. */
  #base = $state.raw('');

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Whether it is another than the one it began from. */
  readonly edited: boolean = $derived(textOf(this.layout) !== this.#base);

  /** Shows a layout that somebody else made, and forgets what was before. */
  open(layout: Layout, base: Layout = layout): void {
    this.#past = this.#future = [];
    this.layout = layout;
    this.#base = textOf(base);
  }

  /** The layout it began from is another now, for example because it was saved. */
  rebase(base: Layout): void {
    this.#base = textOf(base);
  }

  /** Follows a default that grew, as long as nobody changed anything. */
  follow(layout: Layout): void {
    if (this.edited || this.canUndo || this.canRedo || textOf(layout) === this.#base) return;
    this.open(layout);
  }

  /** Another layout, as one change. */
  change(next: Layout): void {
    if (next === this.layout || textOf(next) === textOf(this.layout)) return;
    this.#past = [...this.#past, this.layout].slice(-UNDO_MAX);
    this.#future = [];
    this.layout = next;
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (!before) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, this.layout];
    this.layout = before;
  }

  redo(): void {
    const after = this.#future.at(-1);
    if (!after) return;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, this.layout];
    this.layout = after;
  }

  /** Adds a panel; returns its id. */
  add(panel: Pick<Panel, 'kind' | 'title' | 'spec'>): string {
    const id = freshId(this.layout);
    this.change(withPanel(this.layout, { id, ...panel }, kindNamed(panel.kind)?.size ?? [4, 6]));
    return id;
  }

  remove(id: string): void {
    this.change(withoutPanel(this.layout, id));
  }

  duplicate(id: string): void {
    const panel = this.layout.find((one) => one.id === id);
    if (!panel) return;
    const { kind, title, spec, box } = panel;
    this.change(withPanel(this.layout, { id: freshId(this.layout), kind, title, spec }, [box.w, box.h]));
  }

  edit(id: string, change: Pick<Panel, 'kind' | 'title' | 'spec'>): void {
    this.change(withChange(this.layout, id, change));
  }

  reshape(id: string, box: Box): void {
    this.change(reshaped(this.layout, id, box));
  }

  nudge(id: string, direction: 'left' | 'right' | 'up' | 'down'): void {
    this.change(nudged(this.layout, id, direction));
  }

  /** Puts a panel one place earlier or later in reading order. */
  shift(id: string, by: -1 | 1): void {
    this.change(shifted(this.layout, id, by));
  }

  /** Changes some of what a panel shows. */
  patch(id: string, spec: Spec): void {
    const panel = this.layout.find((one) => one.id === id);
    if (panel) this.change(withChange(this.layout, id, { spec: { ...panel.spec, ...spec } }));
  }
}

/** A new panel of a kind, not yet in any layout. */
export function draftOf(kind: string): Pick<Panel, 'kind' | 'title' | 'spec'> {
  const known = kindNamed(kind);
  return { kind, title: '', spec: known ? initialSpec(known) : {} };
}

function textOf(layout: Layout): string {
  return JSON.stringify(writeLayout(layout));
}
