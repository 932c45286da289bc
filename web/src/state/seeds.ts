/** `-s0`, `_seed1`, ` 3`, `__1`: at the end of a name, after a separator. */
const SEED = /[-_ .]+(?:s|seed)?[-_ =]?\d+$/i;
/** Seconds since 1970, which some put behind the seed. */
const STAMP = /[-_ .]+\d{9,}$/;

/** A name without the seed at its end; the whole name when nothing else would be left. */
export function seedless(name: string): string {
  return name.replace(STAMP, '').replace(SEED, '') || name;
}

/** What runs that differ in their seed alone have in common: their group, or their name without the seed. */
export function familyOf(run: { id: string; name: string; group: string | null; project: string }): string {
  return `${run.project}\n${run.group || seedless(run.name || run.id)}`;
}
