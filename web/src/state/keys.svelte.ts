import { untrack } from 'svelte';

/** One shortcut. */
export interface Shortcut {
  /** As `KeyboardEvent.key` says it, with `shift+`, `ctrl+` before names (not before signs): `?`, `shift+ArrowLeft`, `g t`. */
  keys: string;
  /** What it does, for people: `Filter runs`. */
  doc: string;
  /** Heading in the list of keys, for example `Replay`. */
  group: string;
  run(event: KeyboardEvent): void;
}

/** Two keys in a row, as in `g t`, must follow each other within this. */
const SEQUENCE_MS = 1200;
const KEY = 'ethogram.keys';

/**
 * All shortcuts that are in force. Components add theirs while they are on the screen:
 * `$effect(() => app.keys.bind({...}))`. Of two for the same keys, the one bound later wins.
 */
export class Keys {
  /** Readers who speak to their computer switch single keys off. */
  enabled = $state(true);
  #shortcuts = $state.raw<readonly Shortcut[]>([]);
  #first: { key: string; at: number } | null = null;

  constructor() {
    try {
      this.enabled = localStorage.getItem(KEY) !== 'off';
    } catch {
      // Storage is switched off: shortcuts are on.
    }
  }

  get all(): readonly Shortcut[] {
    return this.#shortcuts;
  }

  /** Adds shortcuts; the function returned takes them away. */
  bind(...shortcuts: Shortcut[]): () => void {
    // Called from effects, which must not run again because others bind theirs.
    untrack(() => (this.#shortcuts = [...this.#shortcuts, ...shortcuts]));
    return () =>
      untrack(() => (this.#shortcuts = this.#shortcuts.filter((shortcut) => !shortcuts.includes(shortcut))));
  }

  enable(enabled: boolean): void {
    this.enabled = enabled;
    try {
      localStorage.setItem(KEY, enabled ? 'on' : 'off');
    } catch {
      // As above.
    }
  }

  /** Give it every `keydown` of the window. */
  handle(event: KeyboardEvent): void {
    if (!this.enabled || event.defaultPrevented || event.isComposing || isTyping(event)) return;
    const key = nameOf(event);
    const now = event.timeStamp;
    const sequence = this.#first && now - this.#first.at < SEQUENCE_MS ? `${this.#first.key} ${key}` : null;
    this.#first = null;
    const found = (sequence && this.#find(sequence)) || this.#find(key);
    if (found) {
      event.preventDefault();
      found.run(event);
    } else if (this.#shortcuts.some((shortcut) => shortcut.keys.startsWith(`${key} `))) {
      this.#first = { key, at: now };
    }
  }

  #find(keys: string): Shortcut | undefined {
    return this.#shortcuts.findLast((shortcut) => shortcut.keys === keys);
  }
}

/** How a shortcut writes a key press. */
export function nameOf(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>,
): string {
  const ctrl = event.ctrlKey || event.metaKey ? 'ctrl+' : '';
  const alt = event.altKey ? 'alt+' : '';
  // Signs already say that shift was held (`?`); letters and named keys do not.
  const isSign =
    event.key.length === 1 && event.key.toLowerCase() === event.key.toUpperCase() && event.key !== ' ';
  const shift = event.shiftKey && !isSign ? 'shift+' : '';
  return `${ctrl}${alt}${shift}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (typeof HTMLElement === 'undefined' || !(target instanceof HTMLElement)) return false;
  // A dialog takes all keys, those of its sliders too.
  if (target.closest('dialog')) return true;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'range'].includes(target.type);
  // A button takes Enter and space itself.
  return target.closest('button, a, summary') !== null && (event.key === 'Enter' || event.key === ' ');
}
