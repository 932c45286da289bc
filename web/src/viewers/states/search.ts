/** What each point can be found by: texts that many points share. */
export interface PointTexts {
  /** Index into `episodes`, one a point. */
  episodeOf: Uint32Array;
  /** For example `cartpole-dqn episode 12 best of all tag`. */
  episodes: readonly string[];
  /** Values of fields with names, one a point, and the names. */
  choices: readonly { field: string; values: ArrayLike<number>; names: readonly string[] }[];
}

/** Reads what somebody typed; says why when it is no regular expression. Empty text finds nothing. */
export function patternOf(text: string): { pattern: RegExp | null; error: string | null } {
  if (text.trim() === '') return { pattern: null, error: null };
  try {
    return { pattern: new RegExp(text, 'iu'), error: null };
  } catch (error) {
    const why =
      error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    return { pattern: null, error: why };
  }
}

/** Points one of whose texts matches: one byte a point, and how many. Each text is looked at once, however many points share it. */
export function matches(texts: PointTexts, pattern: RegExp): { found: Uint8Array; count: number } {
  const found = new Uint8Array(texts.episodeOf.length);
  const episodes = Uint8Array.from(texts.episodes, (text) => (pattern.test(text) ? 1 : 0));
  const choices = texts.choices.map(({ field, values, names }) => ({
    values,
    hits: Uint8Array.from(names, (name) => (pattern.test(name) || pattern.test(`${field} ${name}`) ? 1 : 0)),
  }));
  let count = 0;
  for (let i = 0; i < found.length; i++) {
    let hit = episodes[texts.episodeOf[i]];
    for (const choice of choices) hit ||= choice.hits[choice.values[i]] ?? 0;
    found[i] = hit;
    count += hit;
  }
  return { found, count };
}

/**
 * The point that is a step, null where it is none of them. Points are sorted by source, episode and step, as the server sends them.
 */
export function pointOf(
  points: { source: ArrayLike<number>; episode: ArrayLike<number>; step: ArrayLike<number> },
  source: number,
  episode: number,
  step: number,
): number | null {
  const before = (i: number) =>
    points.source[i] - source || points.episode[i] - episode || points.step[i] - step;
  let [low, high] = [0, points.step.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(middle) < 0) low = middle + 1;
    else high = middle;
  }
  return low < points.step.length && before(low) === 0 ? low : null;
}

/** Episodes in the order in which they come, and which of them each point belongs to. */
export function episodesOfPoints(
  source: ArrayLike<number>,
  episode: ArrayLike<number>,
): { episodeOf: Uint32Array; list: { source: number; episode: number }[] } {
  const known = new Map<string, number>();
  const list: { source: number; episode: number }[] = [];
  const episodeOf = new Uint32Array(source.length);
  let [lastSource, lastEpisode, at] = [-1, -1, -1];
  for (let i = 0; i < episodeOf.length; i++) {
    // Points come episode by episode, mostly: the last answer is right nearly always.
    if (source[i] !== lastSource || episode[i] !== lastEpisode) {
      [lastSource, lastEpisode] = [source[i], episode[i]];
      const key = `${lastSource}:${lastEpisode}`;
      at = known.get(key) ?? -1;
      if (at < 0) {
        at = list.length;
        known.set(key, at);
        list.push({ source: lastSource, episode: lastEpisode });
      }
    }
    episodeOf[i] = at;
  }
  return { episodeOf, list };
}

/** The points of one episode in the order of its steps. */
export function pathOf(episodeOf: Uint32Array, step: ArrayLike<number>, which: number): Uint32Array {
  const points: number[] = [];
  for (let i = 0; i < episodeOf.length; i++) if (episodeOf[i] === which) points.push(i);
  return Uint32Array.from(points.sort((a, b) => step[a] - step[b]));
}

/** The point of an episode whose step is nearest to `at`; null when the episode has none. */
export function pointAt(
  episodeOf: Uint32Array,
  step: ArrayLike<number>,
  which: number,
  at: number,
): number | null {
  let best: number | null = null;
  for (let i = 0; i < episodeOf.length; i++) {
    if (episodeOf[i] !== which) continue;
    if (best === null || Math.abs(step[i] - at) < Math.abs(step[best] - at)) best = i;
  }
  return best;
}
