/** What is used of a video element. */
export type Screen = Pick<
  HTMLVideoElement,
  'currentTime' | 'paused' | 'seeking' | 'playbackRate' | 'play' | 'pause'
>;

/** Which steps a film shows: frame *k* shows step `first + k`. */
export interface FilmFrames {
  first: number;
  frames: number;
  /** Frames a second. */
  fps: number;
}

/** Browsers play no slower and no faster than this. */
const RATE_MIN = 1 / 16;
const RATE_MAX = 16;
/** How far playing may be off before the film is put right: a jump costs more than it mends. */
const DRIFT_FRAMES = 3;
const DRIFT_SECS = 0.1;

/** Where a step lies. */
export type FilmPlace = 'before' | 'within' | 'after';

/** Where in the film a step is: in the middle of its frame, in seconds; null where the film does not show it. */
export function timeOfStep({ first, frames, fps }: FilmFrames, step: number): number | null {
  const frame = step - first;
  return frame >= 0 && frame < frames ? (frame + 0.5) / fps : null;
}

/** Whether the film shows a step. */
export function placeOfStep({ first, frames }: FilmFrames, step: number): FilmPlace {
  if (step < first) return 'before';
  return step < first + frames ? 'within' : 'after';
}

/**
 * Shows the frame of `step`. While steps go by at `rate` a second (0: they do not; negative: backwards), the film plays by itself at
 * that pace where a browser can, and is put right where it drifts off. A jump is not begun while another is on its way: call again
 * once it has arrived (`seeked`).
 */
export function follow(screen: Screen, film: FilmFrames, step: number, rate: number): void {
  const time = timeOfStep(film, step);
  const pace = rate / film.fps;
  if (time !== null && pace >= RATE_MIN && pace <= RATE_MAX) {
    if (screen.playbackRate !== pace) screen.playbackRate = pace;
    const allowed = Math.max(DRIFT_FRAMES / film.fps, DRIFT_SECS * pace);
    if (!screen.seeking && Math.abs(screen.currentTime - time) > allowed) screen.currentTime = time;
    // A browser that will not play on its own still shows each step that is jumped to.
    if (screen.paused) void screen.play().catch(() => undefined);
    return;
  }
  if (!screen.paused) screen.pause();
  if (time === null || screen.seeking) return;
  // Anywhere within the frame is right; only its middle is aimed at.
  if (Math.abs(screen.currentTime - time) > 0.4 / film.fps) screen.currentTime = time;
}
