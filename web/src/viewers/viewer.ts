import type { Component } from 'svelte';

import type { IconName } from '../ui/icons';

/**
 * A page that answers one question. It lives in a folder of its own, takes its data through `useApp()`, keeps its **spec**
 * (what people would want in a link) in the address through `router.param` and `router.set`, and the rest to itself.
 */
export interface Viewer {
  /** As in the address: `training` for `#/training`. */
  name: string;
  /** As in the navigation. */
  title: string;
  /** One line for the list of keys and for hover. */
  doc: string;
  icon: IconName;
  /** `g`, then this key, opens it. */
  key: string;
  /** Loads the page, in a chunk of its own. */
  load(): Promise<{ default: Component }>;
  /** Fetches and starts what the page will need; called once, when nothing else is to be done. For pages that must open at once. */
  prime?(): void;
}
