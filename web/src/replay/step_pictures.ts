import type { Client } from '../api/client';
import { ApiError } from '../api/source';
import type { FieldEntry } from '../api/wire';
import { thumbnailOf, type Thumbnail } from '../workers/frame_paint';
import { episodeDetail } from './episode_details';
import type { FrameDecoder } from './frame_decoder';
import { isPicture, viewOf } from './picture';
import { RowPictures } from './row_pictures';
import { RowStore } from './row_store';
import { imageField } from './screen_fields';
import { rowsOf } from './step_column';

/** Steps no farther apart are asked for together: what lies between them is mostly in the same groups of frames. */
const GAP_MAX = 64;
/** Most steps of one question. */
const SPAN_MAX = 256;

/** Ranges that cover some steps, ascending, with few steps between them that nobody asked for. */
export function rangesOf(steps: readonly number[]): { from: number; to: number; steps: number[] }[] {
  const ranges: { from: number; to: number; steps: number[] }[] = [];
  for (const step of steps.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && step - last.to < GAP_MAX && step - last.from < SPAN_MAX) {
      last.steps.push(step);
      last.to = step + 1;
    } else ranges.push({ from: step, to: step + 1, steps: [step] });
  }
  return ranges;
}

/**
 * Small pictures of some steps of one episode, of at most `side` pixels: the frame, else the observation if it is a picture. `onpicture`
 * hears of each step once, of null where nothing was logged. Throws `ApiError`.
 */
export async function stepPictures(
  client: Client,
  decoder: FrameDecoder,
  place: { run: string; episode: number; steps: readonly number[] },
  side: number,
  onpicture: (step: number, picture: Thumbnail | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const { run, episode, steps } = place;
  const detail = await episodeDetail(client, run, episode);
  signal.throwIfAborted();
  const image = imageField(detail.fields);
  const numbers = ['frame', 'observation'].flatMap((name) =>
    detail.fields.filter((field) => field.name === name && isPicture(field)),
  );
  const field = image ?? numbers[0];
  if (!field) steps.forEach((step) => onpicture(step, null));
  else if (field.image) await readFrames(client, decoder, place, field, side, onpicture, signal);
  else await readNumbers(client, place, field, detail.steps, side, onpicture, signal);
}

function planeOf(field: FieldEntry) {
  const view = viewOf(field, null);
  return view === 'all' ? 0 : view;
}

async function readFrames(
  client: Client,
  decoder: FrameDecoder,
  { run, episode, steps }: { run: string; episode: number; steps: readonly number[] },
  field: FieldEntry,
  side: number,
  onpicture: (step: number, picture: Thumbnail | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const plane = planeOf(field);
  for (const { from, to, steps: wanted } of rangesOf(steps)) {
    const bytes = await client.frames(run, episode, field.name, { from, to }, signal);
    // Rows that were logged again lie in a later group.
    const found = new Map<number, Thumbnail>();
    const read = (first: number, group: Parameters<typeof thumbnailOf>[0]) => {
      for (const step of wanted)
        if (step >= first && step < first + group.count)
          found.set(step, thumbnailOf(group, step - first, plane, side));
    };
    await decoder.groups(bytes, read, signal);
    for (const step of wanted) onpicture(step, found.get(step) ?? null);
  }
}

/** Pictures that lie among the other rows, as numbers: a question each, for they are wide. */
async function readNumbers(
  client: Client,
  { run, episode, steps }: { run: string; episode: number; steps: readonly number[] },
  field: FieldEntry,
  count: number,
  side: number,
  onpicture: (step: number, picture: Thumbnail | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const fetchRows = async (from: number, to: number) => {
    const { columns, first, errors } = await client.fields(run, episode, [field.name], { from, to, signal });
    if (errors[field.name]) throw new ApiError(422, errors[field.name]!);
    return rowsOf(columns, field.name, first);
  };
  const width = field.shape.reduce((product, length) => product * length, 1);
  const store = new RowStore(count, width, fetchRows, () => undefined);
  const pictures = new RowPictures(field, store, null, fetchRows);
  for (const step of steps) onpicture(step, await pictures.thumbnail(step, planeOf(field), side));
}
