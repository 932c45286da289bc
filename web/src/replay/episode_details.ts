import type { Client } from '../api/client';
import type { EpisodeDetail } from '../api/wire';
import { isOpen } from '../state/episode_ends';
import { Kept } from './kept';

/** Descriptions kept: more than any page shows at once. */
const KEPT_MAX = 1024;

const known = new WeakMap<Client, Kept<string, Promise<EpisodeDetail>>>();

/**
 * The description of one episode. One that has ended is asked for once and then kept; one that goes on is asked for every time.
 * Throws `ApiError`.
 */
export function episodeDetail(client: Client, run: string, episode: number): Promise<EpisodeDetail> {
  let kept = known.get(client);
  if (!kept) known.set(client, (kept = new Kept(KEPT_MAX)));
  const key = `${run}/${episode}`;
  const have = kept.get(key);
  if (have) return have;
  const asked = client.episode(run, episode);
  kept.put(key, asked);
  asked.then(
    (detail) => {
      if (isOpen(detail.episode)) kept.forget(key, asked);
    },
    () => kept.forget(key, asked),
  );
  return asked;
}
