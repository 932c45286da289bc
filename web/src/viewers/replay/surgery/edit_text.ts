import type { Change, Edit, Place } from '../../../api/what_if';

/** Longest text that is read: what an address or a note can hold of edits. */
export const EDIT_TEXT_MAX = 60_000;
/** As the server has it. */
export const EDITS_MAX = 256;

const DEFAULT_FIELD = 'observation';

/**
 * Edits as a short text for addresses and notes, of signs that addresses keep as they are: `e3:0.5!r10,20,8,8x!(recurrent_state)e0,5:0`.
 *
 * Each edit is its field in brackets (left out for `observation`), a place, `/` and frames of the stack (left out for all), and a change.
 * Places: `*` all, `e0,5` elements, `r` left, top, columns and rows, `p` runs of pixels, each its first and, after `.`, how many more, in base
 * 36. Changes: `:` a number, `~` the standard deviation of a blur, `x` erased, `_` pasted from a step, before it an episode and `:`,
 * after it `,` and how many pixels further right and down it is taken from.
 */
export function textOfEdits(edits: readonly Edit[]): string {
  return edits.map(textOf).join('!');
}

/** The edits of a text; null when it is none. */
export function editsOfText(text: string | null): Edit[] | null {
  if (!text) return [];
  if (text.length > EDIT_TEXT_MAX) return null;
  const parts = text.split('!');
  if (parts.length > EDITS_MAX) return null;
  const edits = parts.map(editOf);
  return edits.every((edit) => edit !== null) ? edits : null;
}

/** A number as the field will hold it, in as few digits as tell it apart. */
export function numberText(value: number): string {
  const single = Math.fround(value);
  for (let digits = 1; digits <= 9; digits += 1) {
    const text = String(Number(single.toPrecision(digits)));
    if (Math.fround(Number(text)) === single) return text;
  }
  return String(single);
}

function textOf({ field, place, planes, change }: Edit): string {
  const name = field === DEFAULT_FIELD ? '' : `(${fieldText(field)})`;
  const frames = planes ? `/${planes.join(',')}` : '';
  return `${name}${textOfPlace(place)}${frames}${textOfChange(change)}`;
}

function textOfPlace(place: Place): string {
  if (place === 'all') return '*';
  if ('elements' in place) return `e${place.elements.join(',')}`;
  if ('rect' in place) return `r${place.rect.join(',')}`;
  const run = ([start, count]: [number, number]) =>
    start.toString(36) + (count > 1 ? `.${(count - 1).toString(36)}` : '');
  return `p${place.runs.map(run).join(',')}`;
}

function textOfChange(change: Change): string {
  if (change === 'erase') return 'x';
  if ('set' in change) return `:${numberText(change.set)}`;
  if ('blur' in change) return `~${numberText(change.blur)}`;
  const { episode, step, dx = 0, dy = 0 } = change.paste;
  return `_${episode === undefined ? '' : `${episode}:`}${step}${dx || dy ? `,${dx},${dy}` : ''}`;
}

/** What an edit itself is written with is escaped too. */
function fieldText(field: string): string {
  return encodeURIComponent(field).replace(
    /[!()*'~]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const EDIT =
  /^(?:\(([^()!]+)\))?(\*|e[\d,]+|r[\d,]+|p[\da-z.,]+)(?:\/([\d,]+))?(x|:[-+.\de]+|~[-+.\de]+|_[-\d:,]+)$/;

function editOf(text: string): Edit | null {
  const found = EDIT.exec(text);
  if (!found) return null;
  const place = placeOf(found[2]);
  const change = changeOf(found[4]);
  const planes = found[3] === undefined ? undefined : wholes(found[3]);
  if (!place || !change || planes === null) return null;
  let field = DEFAULT_FIELD;
  try {
    if (found[1]) field = decodeURIComponent(found[1]);
  } catch {
    return null;
  }
  return planes ? { field, place, planes, change } : { field, place, change };
}

function placeOf(text: string): Place | null {
  if (text === '*') return 'all';
  if (text.startsWith('e')) {
    const elements = wholes(text.slice(1));
    return elements && { elements };
  }
  if (text.startsWith('r')) {
    const rect = wholes(text.slice(1));
    return rect?.length === 4 ? { rect: rect as [number, number, number, number] } : null;
  }
  const runs = text
    .slice(1)
    .split(',')
    .map((run): [number, number] | null => {
      const parts = run.split('.').map((part) => (/^[\da-z]{1,8}$/.test(part) ? parseInt(part, 36) : NaN));
      if (parts.length > 2 || parts.some(Number.isNaN)) return null;
      return [parts[0], (parts[1] ?? 0) + 1];
    });
  return runs.every((run) => run !== null) ? { runs } : null;
}

function changeOf(text: string): Change | null {
  if (text === 'x') return 'erase';
  if (text.startsWith('_')) {
    const found = /^_(?:(\d{1,15}):)?(\d{1,15})(?:,(-?\d{1,5}),(-?\d{1,5}))?$/.exec(text);
    if (!found) return null;
    const [, episode, step, dx, dy] = found;
    return {
      paste: {
        ...(episode === undefined ? {} : { episode: Number(episode) }),
        step: Number(step),
        ...(dx === undefined ? {} : { dx: Number(dx), dy: Number(dy) }),
      },
    };
  }
  const number = Number(text.slice(1));
  if (text.length < 2 || !Number.isFinite(number)) return null;
  return text.startsWith(':') ? { set: number } : { blur: number };
}

/** Whole numbers joined by commas; null when they are none. */
function wholes(text: string): number[] | null {
  const parts = text.split(',');
  return parts.every((part) => /^\d{1,9}$/.test(part)) ? parts.map(Number) : null;
}
