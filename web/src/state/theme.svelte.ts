import type { Look } from '../theme/palette';

/** What the reader chose; `auto` follows the system. */
export type ThemeChoice = 'auto' | 'light' | 'dark';

const KEY = 'ethogram.theme';
const ORDER: readonly ThemeChoice[] = ['auto', 'light', 'dark'];

/** Light or dark, chosen or the system's. Canvas code follows `look`, everything else the attribute on the page. */
export class Theme {
  choice = $state<ThemeChoice>('auto');
  #systemIsDark = $state(false);

  constructor() {
    const stored = read();
    if (stored) this.choice = stored;
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = query.matches;
    query.addEventListener('change', () => (this.#systemIsDark = query.matches));
  }

  get look(): Look {
    if (this.choice === 'auto') return this.#systemIsDark ? 'dark' : 'light';
    return this.choice;
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    if (choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    try {
      if (choice === 'auto') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
  }

  /** Auto, light, dark, and round again. */
  next(): void {
    this.choose(ORDER[(ORDER.indexOf(this.choice) + 1) % ORDER.length]);
  }
}

function read(): ThemeChoice | null {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : null;
  } catch {
    return null;
  }
}
