/** A place in the app: a page and what it shows, as written after the `#` of the address. */
export interface Place {
  page: string;
  params: Map<string, string>;
}

/** Reads `#/replay?run=…&step=4`. Anything odd gives the nearest sensible place; nothing throws. */
export function parsePlace(hash: string): Place {
  const text = hash.replace(/^#?\/?/, '');
  const cut = text.indexOf('?');
  const page = decode(cut < 0 ? text : text.slice(0, cut));
  const params = new Map<string, string>();
  for (const pair of cut < 0 ? [] : text.slice(cut + 1).split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (name) params.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return { page, params };
}

/** The inverse of [`parsePlace`]; names and values are kept readable where the grammar of addresses lets them be. */
export function formatPlace(page: string, params: Iterable<readonly [string, string]>): string {
  const pairs = [...params].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return `#/${encode(page)}${pairs.length ? '?' + pairs.join('&') : ''}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, '%20'));
  } catch {
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/%2C/g, ',').replace(/%2F/g, '/').replace(/%3A/g, ':');
}

/** The browser's address and history, so that tests can bring their own. */
export interface AddressBar {
  /** The part from `#` on. */
  read(): string;
  /** `push` makes a new entry that Back leaves again; `replace` does not. */
  write(hash: string, mode: 'push' | 'replace'): void;
  /** Calls back when the address changed from outside: Back, Forward, or typed. Returns the way to stop. */
  listen(changed: () => void): () => void;
  /**
   * Calls back before somebody may look at the address or lose the page: it reloads, closes, is hidden, or the focus goes
   * elsewhere, as to the address itself. Returns the way to stop.
   */
  listenLeaving(leaving: () => void): () => void;
}

/** `pagehide` is too late for a reload, and phones send no `beforeunload`. */
const LEAVING = ['beforeunload', 'pagehide', 'blur'] as const;

/** The address of this window. */
export class WindowAddress implements AddressBar {
  read(): string {
    return window.location.hash;
  }

  write(hash: string, mode: 'push' | 'replace'): void {
    if (mode === 'push') window.history.pushState(null, '', hash);
    else window.history.replaceState(null, '', hash);
  }

  listen(changed: () => void): () => void {
    window.addEventListener('popstate', changed);
    window.addEventListener('hashchange', changed);
    return () => {
      window.removeEventListener('popstate', changed);
      window.removeEventListener('hashchange', changed);
    };
  }
  listenLeaving(leaving: () => void): () => void {
    for (const event of LEAVING) window.addEventListener(event, leaving);
    document.addEventListener('visibilitychange', leaving);
    return () => {
      for (const event of LEAVING) window.removeEventListener(event, leaving);
      document.removeEventListener('visibilitychange', leaving);
    };
  }
}
