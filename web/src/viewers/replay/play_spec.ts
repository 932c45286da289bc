import { SPEEDS } from '../../replay/clock';
import type { Patch } from '../../state/router.svelte';

/** How an episode is played: what people want in a link. */
export interface PlaySpec {
  /** Steps a second before `speed`; null for the environment's own. */
  fps: number | null;
  /** One of `SPEEDS`. */
  speed: number;
  direction: 1 | -1;
  /** The stretch that is repeated, both ends included; null to stop at the end. */
  loop: 'all' | readonly [number, number] | null;
  /** Play as soon as an episode is opened. */
  autoplay: boolean;
  /** Stay at the newest step of an episode that goes on. */
  follow: boolean;
}

/** Bounds of what can be asked for, in steps a second. */
export const FPS_MIN = 1;
export const FPS_MAX = 120;

/** Reads the address. What cannot be is left at its default. */
export function parsePlay(param: (name: string) => string | null): PlaySpec {
  const fps = Number(param('fps') ?? NaN);
  const speed = Number(param('speed') ?? NaN);
  return {
    fps: fps >= FPS_MIN && fps <= FPS_MAX ? fps : null,
    speed: SPEEDS.find((known) => known === speed) ?? 1,
    direction: param('reverse') === '1' ? -1 : 1,
    loop: parseLoop(param('loop')),
    autoplay: param('autoplay') === '1',
    follow: param('follow') === '1',
  };
}

/** What the address says after a change; defaults are left out. */
export function patchOfPlay(change: Partial<PlaySpec>): Patch {
  const patch: Patch = {};
  if (change.fps !== undefined) patch.fps = change.fps === null ? null : String(fpsOf(change.fps));
  if (change.speed !== undefined) patch.speed = change.speed === 1 ? null : String(change.speed);
  if (change.direction !== undefined) patch.reverse = change.direction < 0 ? '1' : null;
  if (change.loop !== undefined) {
    patch.loop = change.loop === null || change.loop === 'all' ? change.loop : change.loop.join('-');
  }
  if (change.autoplay !== undefined) patch.autoplay = change.autoplay ? '1' : null;
  if (change.follow !== undefined) patch.follow = change.follow ? '1' : null;
  return patch;
}

/** The nearest number of steps a second that can be asked for, to a tenth. */
export function fpsOf(asked: number): number {
  return Math.min(FPS_MAX, Math.max(FPS_MIN, Math.round(asked * 10) / 10));
}

/** The stretch that is repeated in an episode whose last step is `end`; null when the loop lies beyond it. */
export function loopWithin(loop: PlaySpec['loop'], end: number): [number, number] | null {
  if (loop === null) return null;
  if (loop === 'all') return [0, end];
  const [from, to] = [loop[0], Math.min(loop[1], end)];
  return from < to ? [from, to] : null;
}

function parseLoop(text: string | null): PlaySpec['loop'] {
  if (text === 'all') return 'all';
  const found = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '');
  if (!found) return null;
  const [from, to] = [Number(found[1]), Number(found[2])];
  return from < to ? [from, to] : null;
}
