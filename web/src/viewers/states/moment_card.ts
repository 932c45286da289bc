import type { Client } from '../../api/client';
import { columnNamed, doubles } from '../../api/columns';
import type { EnvSpec, FieldEntry } from '../../api/wire';
import { episodeDetail } from '../../replay/episode_details';
import { imageField } from '../../replay/screen_fields';

/** Numbers of a vector beyond this are not listed one by one. */
export const ELEMENTS_MAX = 12;

/** What one step looks like: whether there is a picture of it, and its vector by name. */
export interface MomentCard {
  hasPicture: boolean;
  field: string | null;
  elements: { name: string; unit: string; value: number; bounds: readonly [number, number] | null }[];
  /** Elements of the vector that are not listed. */
  more: number;
}

/** Reads a step. `of` is the field that is mapped; of layers and pictures the observation is shown. Throws `ApiError`. */
export async function momentCard(
  client: Client,
  run: string,
  episode: number,
  step: number,
  of: string,
  env: EnvSpec | null,
  signal: AbortSignal,
): Promise<MomentCard> {
  const { fields } = await episodeDetail(client, run, episode);
  const hasPicture = imageField(fields) !== null;
  const field = vectorField(fields, of);
  if (!field || signal.aborted) return { hasPicture, field: null, elements: [], more: 0 };
  const answer = await client.fields(run, episode, [field.name], { from: step, to: step + 1, signal });
  const column = answer.columns.byName.get(field.name);
  const values = column ? doubles(columnNamed(answer.columns, field.name)) : new Float64Array(0);
  const shown = Math.min(values.length, ELEMENTS_MAX);
  const elements = Array.from({ length: shown }, (_, i) => ({
    ...nameOf(field, i, env),
    value: values[i],
    bounds: boundsOf(field, i, env),
  }));
  return { hasPicture, field: field.name, elements, more: values.length - shown };
}

/** What is mapped if it is a vector, else the observation if that is one. */
function vectorField(fields: readonly FieldEntry[], of: string): FieldEntry | null {
  const vectors = fields.filter((field) => field.axis === 'step' && !field.image && field.dtype !== null);
  return (
    vectors.find(({ name }) => name === of) ?? vectors.find(({ name }) => name === 'observation') ?? null
  );
}

function nameOf({ name, shape, unit }: FieldEntry, index: number, env: EnvSpec | null) {
  const known = name === 'observation' ? env?.observation_names[index] : undefined;
  if (known) return { name: known, unit: env?.observation_units[index] ?? '' };
  const single = shape.reduce((product, side) => product * side, 1) === 1;
  return { name: single ? name : `${name}[${index}]`, unit: unit ?? '' };
}

/** Finite ends of the observation space. */
function boundsOf(
  { name }: FieldEntry,
  index: number,
  env: EnvSpec | null,
): readonly [number, number] | null {
  const space = env?.observation_space;
  if (name !== 'observation' || space?.type !== 'box') return null;
  const end = (ends: readonly (number | null)[]) => (ends.length === 1 ? ends[0] : ends[index]);
  const [low, high] = [end(space.low), end(space.high)];
  const known = typeof low === 'number' && typeof high === 'number' && Math.max(-low, high) < 1e30;
  return known ? [low, high] : null;
}
