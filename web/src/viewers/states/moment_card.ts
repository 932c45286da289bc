import type { Client } from '../../api/client';
import { columnNamed, doubles } from '../../api/columns';
import type { EnvSpec, FieldEntry } from '../../api/wire';
import { episodeDetail } from '../../replay/episode_details';
import { imageField } from '../../replay/screen_fields';

/** Numbers of a vector beyond this are not listed one by one. */
export const ELEMENTS_MAX = 12;

/** A number of a state as people know it. */
export interface MomentElement {
  name: string;
  unit: string;
  value: number;
  bounds: readonly [number, number] | null;
}

/** What one step looks like: whether there is a picture of it, and its vector by name. */
export interface MomentCard {
  hasPicture: boolean;
  field: string | null;
  elements: MomentElement[];
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
  const single = field.shape.reduce((product, side) => product * side, 1) === 1;
  const elements = Array.from({ length: shown }, (_, i) => ({
    ...namedElement(single ? field.name : `${field.name}[${i}]`, i, field.unit ?? null, env),
    value: values[i],
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

/** Number `index` of a field, called `name` where nobody named it: `observation[2]`. Only observations have names and bounds. */
export function namedElement(
  name: string,
  index: number,
  unit: string | null,
  env: EnvSpec | null,
): Omit<MomentElement, 'value'> {
  if (!/^observation(\[|$)/.test(name)) return { name, unit: unit ?? '', bounds: null };
  return {
    name: env?.observation_names[index] || name,
    unit: env?.observation_units[index] || (unit ?? ''),
    bounds: boundsOf(index, env),
  };
}

/** Finite ends of the observation space. */
function boundsOf(index: number, env: EnvSpec | null): readonly [number, number] | null {
  const space = env?.observation_space;
  if (space?.type !== 'box') return null;
  const end = (ends: readonly (number | null)[]) => (ends.length === 1 ? ends[0] : ends[index]);
  const [low, high] = [end(space.low), end(space.high)];
  const known = typeof low === 'number' && typeof high === 'number' && Math.max(-low, high) < 1e30;
  return known ? [low, high] : null;
}
