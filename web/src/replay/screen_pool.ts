import { FramePool } from './frame_pool';

/** Bytes of decoded frames that all small screens together keep. */
const SHARED_BYTES_MAX = 192 * 1024 * 1024;
/** Bytes of a shrunken picture of side 1, times the rows of a group as they are sealed: what a screen needs of the store. */
const BYTES_PER_AREA = 3 * 0.75 * 64;
/** Groups that a screen keeps: the one that plays, and the next for a part of the time. */
const GROUPS_PER_SCREEN = 1.5;
/** How long the worker and the frames outlast the last screen: a page that follows finds them. */
const LINGER_MS = 20_000;

let shared: FramePool | null = null;
let users = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/**
 * Pixels that the longer side of pictures should have which are `longest` pixels long and shown `width` wide: a whole fraction of what was
 * recorded, about what is seen, and so few that the frames of all screens in use fit into the store together.
 */
export function sideFor(longest: number, width: number, screens: number = users): number {
  const share = SHARED_BYTES_MAX / (Math.max(1, screens) * GROUPS_PER_SCREEN);
  const fits = Math.max(64, Math.sqrt(share / BYTES_PER_AREA));
  const factor = Math.max(1, Math.floor(longest / Math.max(64, width)), Math.ceil(longest / fits));
  return Math.ceil(longest / factor);
}

/**
 * The pool of all small screens and thumbnails, however many there are: their frames have one limit and one worker. Give it back with
 * the function returned; some time after the last user has gone the worker ends and the frames are forgotten.
 */
export function borrowFramePool(): [pool: FramePool, giveBack: () => void] {
  clearTimeout(timer);
  shared ??= new FramePool(SHARED_BYTES_MAX);
  users += 1;
  let lent = true;
  const giveBack = () => {
    if (!lent) return;
    lent = false;
    users -= 1;
    if (users > 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      shared?.close();
      shared = null;
    }, LINGER_MS);
  };
  return [shared, giveBack];
}
