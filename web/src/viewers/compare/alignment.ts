/** How one episode lies under the common clock. */
export interface Track {
  /** Rows of the episode. */
  count: number;
  /** Steps of this episode a tick of the clock, at most 1. */
  rate: number;
  /** Its step at tick 0; negative when it starts later. */
  shift: number;
}

/** Several episodes under one clock, whose ticks go from 0 to `count` − 1. */
export interface Alignment {
  count: number;
  tracks: Track[];
}

/**
 * Lays episodes side by side: `anchors` are steps that shall be passed at the same tick, `rates` how many steps each takes in a tick. Tick 0 is
 * where the first of them starts, the last tick where the last of them ends; what starts later waits.
 */
export function align(episodes: readonly { count: number; anchor: number; rate: number }[]): Alignment {
  if (episodes.length === 0) return { count: 0, tracks: [] };
  // Ticks from its start to its anchor: the episode with most of them starts at tick 0.
  const lead = Math.max(...episodes.map(({ anchor, rate }) => Math.ceil(anchor / rate)));
  const tracks = episodes.map(({ count, anchor, rate }) => ({ count, rate, shift: anchor - lead * rate }));
  return { count: Math.max(1, ...tracks.map((track) => tickOf(track, track.count - 1) + 1)), tracks };
}

/** The step of an episode at a tick; negative before its start, `count` or more after its end. */
export function stepAt({ rate, shift }: Track, tick: number): number {
  // A hair more, so that thirds add up to whole steps.
  return Math.floor(tick * rate + shift + 1e-9);
}

/** The first tick at which an episode is at a step. */
export function tickOf({ rate, shift }: Track, step: number): number {
  return Math.max(0, Math.ceil((step - shift) / rate - 1e-9));
}

/** Whether the episode is on at a tick: not before its first row nor after its last. */
export function isOn(track: Track, tick: number): boolean {
  const step = stepAt(track, tick);
  return step >= 0 && step < track.count;
}

/** Values of an episode's column over the ticks of the clock; NaN where it is not on or nothing was logged. */
export function overTicks(
  track: Track,
  ticks: number,
  at: (step: number) => number | undefined,
): Float64Array {
  const values = new Float64Array(ticks).fill(NaN);
  for (let tick = 0; tick < ticks; tick += 1) {
    const step = stepAt(track, tick);
    if (step >= 0 && step < track.count) values[tick] = at(step) ?? NaN;
  }
  return values;
}
