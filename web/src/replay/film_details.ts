import type { Client } from '../api/client';
import type { Film } from '../api/wire';
import { Kept } from './kept';

/** Descriptions kept: more than any page shows at once. */
const KEPT_MAX = 1024;

const known = new WeakMap<Client, Kept<string, Promise<Film>>>();

/** What the film of an episode is, asked once. Throws `ApiError`. */
export function episodeFilm(client: Client, run: string, episode: number): Promise<Film> {
  let kept = known.get(client);
  if (!kept) known.set(client, (kept = new Kept(KEPT_MAX)));
  const key = `${run}/${episode}`;
  const have = kept.get(key);
  if (have) return have;
  const asked = client.film(run, episode);
  kept.put(key, asked);
  asked.catch(() => kept.forget(key, asked));
  return asked;
}

/** Steps of an episode up to the last that its film shows. */
export function filmSteps({ first_step, frames }: Film): number {
  return first_step + frames;
}
