import type { Client } from '../api/client';
import type { EnvSpec } from '../api/wire';
import { Kept } from '../replay/kept';
import { rowsOf } from '../replay/step_column';

/** Rows kept, over all features. */
const KEPT_MAX = 1024;

const kept = new WeakMap<Client, Kept<string, Promise<ArrayLike<number> | null>>>();

/** The numbers of one field at one step; null where nothing was logged. Throws `ApiError`. */
export function stateValues(
  client: Client,
  run: string,
  episode: number,
  step: number,
  field: string,
): Promise<ArrayLike<number> | null> {
  let all = kept.get(client);
  if (!all) kept.set(client, (all = new Kept(KEPT_MAX)));
  const key = JSON.stringify([run, episode, step, field]);
  const known = all.get(key);
  if (known) return known;
  const asked = client
    .fields(run, episode, [field], { from: step, to: step + 1 })
    .then(({ columns, first, errors }) => {
      if (errors[field]) throw new Error(errors[field].message);
      const { rows, values, valid } = rowsOf(columns, field, first);
      return rows > 0 && valid?.[0] !== 0 ? values : null;
    });
  all.put(key, asked);
  asked.catch(() => all.forget(key, asked));
  return asked;
}

/** Names and units of the entries of an observation, as far as the environment says; its numbers where it does not. */
export function entryName(env: EnvSpec | null | undefined, index: number): { name: string; unit: string } {
  const name = env?.observation_names[index];
  return { name: name || `[${index}]`, unit: name ? (env?.observation_units[index] ?? '') : '' };
}

/** The entries furthest from zero, at most `most`, in their own order. */
export function largestEntries(values: ArrayLike<number>, most: number): number[] {
  const size = (i: number) => (Number.isFinite(values[i]) ? Math.abs(values[i]!) : -1);
  return Array.from({ length: values.length }, (_, i) => i)
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}
