import { assignInks, inkOfSlot, type Ink, type InkPlace, type Look } from '../theme/palette';
import type { RunSummary } from '../api/wire';
import type { Router } from './router.svelte';
import type { Runs } from './runs.svelte';
import { familyOf } from './seeds';

/** Most runs that are shown while nobody has chosen. */
export const SHOWN_DEFAULT = 8;
/** Most runs that can be shown at once: the server takes so many in a group. */
export const SHOWN_MAX = 256;

/** Which runs are shown, and in which colours: the same on all pages, and in the address once somebody has chosen. */
export class Selection {
  readonly #router: Router;
  readonly #runs: Runs;
  /** Grows only: a run that was shown once keeps its colour. */
  #inks = new Map<string, InkPlace>();
  /** What each run that was ever shown is a seed of. */
  readonly #families = new Map<string, string>();

  /** What is compared with while nobody has chosen: the run in view, else the newest; undefined while there is no run. */
  readonly likened: RunSummary | undefined = $derived.by(() => {
    const { all } = this.#runs;
    const inView = this.#router.param('run');
    return (inView && all.find((run) => run.id === inView)) || all[0];
  });
  /** The runs that are shown, newest first. */
  readonly shown: readonly RunSummary[] = $derived.by(() => {
    const chosen = this.#chosen();
    if (chosen === null) return this.likened ? runsLike(this.likened, this.#runs.all) : [];
    return this.#runs.all.filter((run) => chosen.has(run.id)).slice(0, SHOWN_MAX);
  });
  readonly #shownIds = $derived(new Set(this.shown.map((run) => run.id)));
  readonly #inkOf = $derived.by(() => {
    // Oldest first, so that a run that comes later takes the next colour and leaves the others theirs.
    const runs = this.shown.map((run) => ({ id: run.id, family: familyOf(run) })).toReversed();
    for (const { id, family } of runs) if (!this.#families.has(id)) this.#families.set(id, family);
    this.#inks = assignInks(this.#inks, runs, (id) => this.#families.get(id));
    return this.#inks;
  });

  /** Slots that somebody chose, by run. */
  readonly #chosenSlots = $derived.by(() => {
    const slots = new Map<string, number>();
    for (const pair of (this.#router.param('inks') ?? '').split(',')) {
      const found = /^(.+):(\d{1,3})$/.exec(pair);
      if (found) slots.set(found[1], Number(found[2]));
    }
    return slots;
  });

  constructor(router: Router, runs: Runs) {
    this.#router = router;
    this.#runs = runs;
  }

  has(id: string): boolean {
    return this.#shownIds.has(id);
  }

  /** The colour and dash of a run; undefined while it is not shown. */
  ink(id: string, look: Look): Ink | undefined {
    const place = this.has(id) ? this.#inkOf.get(id) : undefined;
    const chosen = this.#chosenSlots.get(id);
    if (place && chosen !== undefined) return inkOfSlot(chosen, look);
    return place && inkOfSlot(place.slot, look, place.variant);
  }

  /** The slot whose hue the seeds of a family share; undefined for a run that has one of its own, or is not shown. */
  sharedSlot(id: string): number | undefined {
    const place = this.has(id) ? this.#inkOf.get(id) : undefined;
    return place?.shared ? place.slot : undefined;
  }

  /** Gives a run the colour of a slot, on all pages; null gives it back the one that it would have by itself. */
  setInk(id: string, slot: number | null): void {
    const slots = new Map(this.#chosenSlots);
    if (slot === null) slots.delete(id);
    else slots.set(id, slot);
    this.#router.set({ inks: [...slots].map(([run, at]) => `${run}:${at}`).join(',') || null });
  }

  /** Shows or hides one run. */
  toggle(id: string): void {
    const ids = this.shown.map((run) => run.id);
    this.show(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]);
  }

  /** Shows these runs and no others, the first [`SHOWN_MAX`] of them. */
  show(ids: readonly string[]): void {
    this.#router.set({ runs: ids.slice(0, SHOWN_MAX).join(',') });
  }

  /** Back to what is shown while nobody has chosen. */
  reset(): void {
    this.#router.set({ runs: null });
  }

  /** Null when nobody has chosen. */
  #chosen(): Set<string> | null {
    const ids = this.#router.param('runs');
    return ids === null ? null : new Set(ids.split(',').filter(Boolean));
  }
}

/**
 * A run and others in the same environment and project, in the order of `runs`: curves that can be compared. A run of 80 million steps
 * beside one of 50 thousand would show neither. Of more than [`SHOWN_DEFAULT`] the first ones, and always the run itself.
 */
export function runsLike(one: RunSummary, runs: readonly RunSummary[]): RunSummary[] {
  const like = runs.filter((run) => run.env_id === one.env_id && run.project === one.project);
  const first = like.slice(0, SHOWN_DEFAULT);
  const self = like.find((run) => run.id === one.id);
  return self && !first.includes(self) ? [...first.slice(0, -1), self] : first;
}
