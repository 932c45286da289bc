import type { Client } from '../../api/client';
import type { FramePool } from '../../replay/frame_pool';
import { framesOf, Session } from './session.svelte';

/** Which moment is opened, as far as the address says. */
export interface Opened {
  run: string;
  episode: number;
  step: number;
  /** Name of the picture that is looked at; null for the first that there is. */
  image: string | null;
}

/**
 * Opens an episode with one exchange where it is known what its picture is called, by the address or because this run showed it before:
 * its description, that of its run, and the picture of the step are asked for together. A wrong guess costs a small error. Where
 * nothing is known the pictures wait for the description: a run without pictures is not asked for any.
 *
 * Throws `ApiError`, and `AbortError` once `signal` aborts.
 */
export async function openEpisode(
  client: Client,
  pool: FramePool,
  opened: Opened,
  signal: AbortSignal,
): Promise<Session> {
  const { run, episode, step } = opened;
  const image = opened.image ?? pool.imageOfRun.get(run);
  const guessed = image === undefined ? null : framesOf(client, pool, opened, image, step + 1);
  guessed?.want(step, { direction: 1, rate: 0 });
  try {
    const [detail, row] = await Promise.all([client.run(run, signal), client.episode(run, episode, signal)]);
    signal.throwIfAborted();
    const session = new Session(client, pool, run, row, detail.info.env);
    if (image !== undefined && guessed) session.adopt(image, guessed);
    return session;
  } catch (error) {
    guessed?.close();
    throw error;
  }
}
