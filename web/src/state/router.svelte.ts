import { SvelteMap } from 'svelte/reactivity';

import { formatPlace, parsePlace, type AddressBar } from './address';

/** What is said of a parameter: its new value, or null to leave it out (the default). */
export type Patch = Record<string, string | null>;

/** Parameters that go along from page to page; all others belong to the page that set them. */
export const SHARED_PARAMS: readonly string[] = [
  'runs',
  'inks',
  'run',
  'episode',
  'step',
  'target',
  'checkpoint',
  'layer',
  'set',
];

/** While changes follow one another, as in play, the address is written this often. */
export const REPLACE_INTERVAL_MS = 1000;
/** A change that nothing followed for so long is one of its own: it is written at once. */
export const QUIET_MS = 150;
/** Writes in store for changes of their own, one more each [`REPLACE_INTERVAL_MS`]: browsers refuse over some 100 in 30 s. */
export const BURST_MAX = 20;

/**
 * Which page is shown and with which parameters; always what the address says, or will say
 * within a second and before the page is left.
 *
 * Pages change by [`go`], parameters by [`set`]. Reading `page` or `param` in a component or an effect follows later changes;
 * each parameter is followed by itself, so one that changes 60 times a second disturbs nobody else.
 */
export class Router {
  /** Name of the page as in the registry of viewers. */
  page = $state('');
  readonly #params = new SvelteMap<string, string>();
  readonly #home: string;
  readonly #address: AddressBar;
  readonly #unlisten: readonly (() => void)[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pending = false;
  #writtenAt = -Infinity;
  #changedAt = -Infinity;
  #burst = BURST_MAX;

  /** `home` is the page of an empty address. */
  constructor(address: AddressBar, home: string) {
    this.#address = address;
    this.#home = home;
    this.#read();
    this.#unlisten = [address.listen(() => this.#read()), address.listenLeaving(() => this.flush())];
  }

  /** The value of a parameter, null when the address leaves it out. */
  param(name: string): string | null {
    return this.#params.get(name) ?? null;
  }

  /** Opens a page as a new entry in the history. Shared parameters go along unless `patch` says otherwise. */
  go(page: string, patch: Patch = {}): void {
    this.flush();
    this.#become(page, this.#along(page, patch));
    this.#write('push');
  }

  /**
   * Changes parameters of the page that is shown. `replace` (the default) is written at once, or within a second where
   * many follow one another, and makes no entry in the history; `push` is for what Back should undo: another episode, another run.
   */
  set(patch: Patch, mode: 'push' | 'replace' = 'replace'): void {
    if (mode === 'push') this.flush();
    let changed = false;
    for (const [name, value] of Object.entries(patch)) {
      if (this.param(name) === value) continue;
      changed = true;
      if (value === null) this.#params.delete(name);
      else this.#params.set(name, value);
    }
    if (!changed) return;
    if (mode === 'push') this.#write('push');
    else this.#writeSoon();
  }

  /** The address of a page, for links. */
  href(page: string, patch: Patch = {}): string {
    return formatPlace(page, this.#along(page, patch));
  }

  /** Writes what is still to be written. */
  flush(): void {
    if (this.#pending) this.#write('replace');
  }

  /** Stops following the address. */
  dispose(): void {
    this.flush();
    for (const stop of this.#unlisten) stop();
  }

  #along(page: string, patch: Patch): Map<string, string> {
    const params = new Map<string, string>();
    for (const [name, value] of this.#params) {
      if (SHARED_PARAMS.includes(name) || page === this.page) params.set(name, value);
    }
    for (const [name, value] of Object.entries(patch)) {
      if (value === null) params.delete(name);
      else params.set(name, value);
    }
    return params;
  }

  #read(): void {
    const hash = this.#address.read();
    // A browser tells of one Back twice, by popstate and by hashchange; the second finds nothing new.
    if (!this.#pending && this.page && hash === this.#text()) return;
    this.#cancel();
    const { page, params } = parsePlace(hash);
    this.#become(page || this.#home, params);
  }

  #become(page: string, params: ReadonlyMap<string, string>): void {
    for (const name of [...this.#params.keys()]) if (!params.has(name)) this.#params.delete(name);
    for (const [name, value] of params) this.#params.set(name, value);
    this.page = page;
  }

  #text(): string {
    return formatPlace(this.page, this.#params);
  }

  #write(mode: 'push' | 'replace'): void {
    this.#cancel();
    const now = Date.now();
    this.#burst = this.#stored(now) - 1;
    this.#writtenAt = now;
    this.#address.write(this.#text(), mode);
  }

  #writeSoon(): void {
    const now = Date.now();
    const isOwn = now - this.#changedAt >= QUIET_MS && this.#stored(now) >= 1;
    this.#changedAt = now;
    const wait = this.#writtenAt + REPLACE_INTERVAL_MS - now;
    if (isOwn || wait <= 0) this.#write('replace');
    else if (!this.#pending) {
      this.#pending = true;
      this.#timer = setTimeout(() => this.flush(), wait);
    }
  }

  /** Writes in store by now; `go` and `push` may have taken more than there were. */
  #stored(now: number): number {
    return Math.min(BURST_MAX, Math.max(0, this.#burst) + (now - this.#writtenAt) / REPLACE_INTERVAL_MS);
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#pending = false;
  }
}
