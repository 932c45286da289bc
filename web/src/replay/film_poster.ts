import type { Film } from '../api/wire';
import type { Thumbnail } from '../workers/frame_paint';
import { timeOfStep } from './film_sync';

/** A film that takes longer to open has no poster. */
const WAIT_MS = 15_000;

/**
 * One frame of a film, at most `side` pixels long; the nearest that there is to `step`. The player that reads it is given back: a page
 * may have only some dozens. Throws `Error` where the browser cannot play the film.
 */
export async function filmPoster(
  address: string,
  film: Film,
  { step, side, fps }: { step: number; side: number; fps: number },
  signal: AbortSignal,
): Promise<Thumbnail> {
  const frames = { first: film.first_step, frames: film.frames, fps: film.fps ?? fps };
  const within = Math.min(frames.first + frames.frames - 1, Math.max(frames.first, step));
  const video = document.createElement('video');
  video.muted = true;
  video.preload = 'auto';
  try {
    const opened = heard(video, 'loadeddata', signal);
    video.src = address;
    await opened;
    const sought = heard(video, 'seeked', signal);
    video.currentTime = timeOfStep(frames, within) ?? 0;
    await sought;
    return pictureOf(video, side);
  } finally {
    video.removeAttribute('src');
    video.load();
  }
}

function pictureOf(video: HTMLVideoElement, side: number): Thumbnail {
  const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight, 1));
  const width = Math.max(1, Math.round(video.videoWidth * scale));
  const height = Math.max(1, Math.round(video.videoHeight * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new Error('this browser gives no canvas to draw the film on');
  context.drawImage(video, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, rgba: new Uint32Array(data.buffer) };
}

function heard(video: HTMLVideoElement, event: 'loadeddata' | 'seeked', signal: AbortSignal): Promise<void> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS)]);
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error('this browser cannot play the film'));
    either.addEventListener('abort', () => reject(either.reason as Error), { once: true });
    video.addEventListener('error', failed, { once: true });
    video.addEventListener(event, () => resolve(), { once: true });
  });
}
