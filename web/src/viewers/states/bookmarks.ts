/** A view that somebody wants to come back to: the parameters that say how the map is looked at. */
export interface Bookmark {
  name: string;
  view: Readonly<Record<string, string>>;
}

/** Parameters that a view is made of; which points there are and where they lie is not. */
export const VIEW_PARAMS = [
  'cam',
  'colour',
  'opacity',
  'size',
  'shades',
  'range',
  'only_colour',
  'only_set',
  'rest',
  'find',
  'lines',
  'at',
  'axes',
  'labels',
  'pictures',
] as const;
export const BOOKMARKS_MAX = 16;
const NAME_MAX = 60;
const VALUE_MAX = 2000;

/** As the address keeps them. */
export function textOfBookmarks(bookmarks: readonly Bookmark[]): string | null {
  return bookmarks.length === 0 ? null : JSON.stringify(bookmarks.map(({ name, view }) => [name, view]));
}

/** Reads bookmarks; what is none is left out. */
export function bookmarksOfText(text: string | null): Bookmark[] {
  let list: unknown;
  try {
    list = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(list)) return [];
  return list.slice(0, BOOKMARKS_MAX).flatMap((entry: unknown): Bookmark[] => {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string' || entry[0] === '') return [];
    const view = entry[1] as unknown;
    if (typeof view !== 'object' || view === null || Array.isArray(view)) return [];
    const known = Object.entries(view).filter(
      ([name, value]) =>
        (VIEW_PARAMS as readonly string[]).includes(name) &&
        typeof value === 'string' &&
        value.length <= VALUE_MAX,
    ) as [string, string][];
    return [{ name: entry[0].slice(0, NAME_MAX), view: Object.fromEntries(known) }];
  });
}

/** What the address has to change for a view: parameters that the view does not name go. */
export function patchOf({ view }: Bookmark): Record<string, string | null> {
  return Object.fromEntries(VIEW_PARAMS.map((name) => [name, view[name] ?? null]));
}

/** The view that an address shows. */
export function viewOf(param: (name: string) => string | null): Record<string, string> {
  return Object.fromEntries(
    VIEW_PARAMS.flatMap((name) => {
      const value = param(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}
