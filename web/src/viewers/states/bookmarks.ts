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
  'label',
  'pictures',
] as const;
export const BOOKMARKS_MAX = 16;
export const NAME_MAX = 60;
/** A file of views has no more. */
export const BOOKMARKS_BYTES_MAX = 256 * 1024;
const VALUE_MAX = 2000;

/** As the address keeps them. */
export function textOfBookmarks(bookmarks: readonly Bookmark[]): string | null {
  return bookmarks.length === 0 ? null : JSON.stringify(bookmarks.map(({ name, view }) => [name, view]));
}

/** Reads bookmarks; what is none is left out. */
export function bookmarksOfText(text: string | null): Bookmark[] {
  try {
    return bookmarksOfList(JSON.parse(text ?? '[]'));
  } catch {
    return [];
  }
}

/** As a file keeps them: `{"views": [{"name", "view": {parameter: text}}]}`. */
export function fileOfBookmarks(bookmarks: readonly Bookmark[]): string {
  return `${JSON.stringify({ views: bookmarks }, null, 2)}\n`;
}

/** Reads a file of views; `error` says what is wrong with it. */
export function bookmarksOfFile(text: string): { found: Bookmark[]; error: string | null } {
  const wrong = (why: string) => ({ found: [], error: `${why}; expected {"views": [{"name", "view"}]}` });
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  const views = typeof file === 'object' && file !== null && 'views' in file ? file.views : undefined;
  if (!Array.isArray(views)) return wrong('found no list of views');
  if (views.length > BOOKMARKS_MAX) return wrong(`${views.length} views, more than ${BOOKMARKS_MAX}`);
  const found = bookmarksOfList(
    views.map((one: unknown) =>
      typeof one === 'object' && one !== null && 'name' in one && 'view' in one ? [one.name, one.view] : null,
    ),
  );
  const names = new Set(found.map(({ name }) => name));
  if (found.length < views.length)
    return wrong(`view ${found.length + 1} or one before it has no name or no view`);
  return names.size < found.length ? wrong('two views have one name') : { found, error: null };
}

/** Bookmarks of which one has another name; null when it cannot have that. */
export function renamed(bookmarks: readonly Bookmark[], from: string, to: string): Bookmark[] | null {
  const name = to.trim().slice(0, NAME_MAX);
  if (name === '' || (name !== from && bookmarks.some((one) => one.name === name))) return null;
  return bookmarks.map((one) => (one.name === from ? { ...one, name } : one));
}

function bookmarksOfList(list: unknown): Bookmark[] {
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
