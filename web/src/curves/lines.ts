import type { RunSummary } from '../api/wire';
import { assignSlots, inkOfSlot, type Ink, type Look } from '../theme/palette';
import { groupRuns, type GroupBy, type RunGroup } from './grouping';

/** One line of the charts: a run, or the runs of a group. */
export interface RunLine {
  id: string;
  label: string;
  /** Of how many runs a group is: `n = 5`. */
  note?: string;
  ink: Ink;
  runs: readonly RunSummary[];
  grouped: boolean;
}

/** How runs become lines: which line a run belongs to, and how it is drawn. */
export class RunLines {
  readonly #groups: readonly RunGroup[] | null;
  readonly #groupOf = new Map<string, RunGroup>();
  readonly #inkOf: (id: string) => Ink | undefined;

  /** `inkOf` is asked for a run's id while nothing is grouped, else for a group's. */
  constructor(runs: readonly RunSummary[], by: GroupBy, inkOf: (id: string) => Ink | undefined) {
    this.#groups = by === 'none' ? null : groupRuns(runs, by);
    for (const group of this.#groups ?? []) for (const run of group.runs) this.#groupOf.set(run.id, group);
    this.#inkOf = inkOf;
  }

  /** Id of the line of a run. */
  lineOf(run: string): string {
    return this.#groupOf.get(run)?.id ?? run;
  }

  /** How the line of a run is drawn; undefined while it is not shown. */
  inkOf(run: string): Ink | undefined {
    return this.#inkOf(this.lineOf(run));
  }

  /** The lines of some of the runs. */
  of(runs: readonly RunSummary[]): RunLine[] {
    if (!this.#groups) {
      return this.#drawn(
        runs.map((run) => ({ id: run.id, label: run.name || run.id, runs: [run], grouped: false })),
      );
    }
    const there = new Set(runs.map((run) => run.id));
    const groups = this.#groups
      .map(({ id, label, runs: members }) => ({
        id,
        label,
        runs: members.filter((run) => there.has(run.id)),
      }))
      .filter((group) => group.runs.length > 0);
    return this.#drawn(
      groups.map((group) => ({ ...group, note: `n = ${group.runs.length}`, grouped: true })),
    );
  }

  #drawn(lines: readonly Omit<RunLine, 'ink'>[]): RunLine[] {
    return lines.flatMap((line) => {
      const ink = this.#inkOf(line.id);
      return ink ? [{ ...line, ink }] : [];
    });
  }
}

/** Colours of groups, one each; a group that was shown once keeps its own. */
export class GroupInks {
  #slots: ReadonlyMap<string, number> = new Map();

  /**
   * Takes note of the groups that are shown, and gives the way to ask for their inks. `hint` is the slot of the hue that the runs of a
   * group share, if they do: then the group has it, too.
   */
  of(
    groups: readonly string[],
    look: Look,
    hint: (group: string) => number | undefined = () => undefined,
  ): (id: string) => Ink | undefined {
    const before = new Map(this.#slots);
    for (const group of groups) {
      const slot = hint(group);
      if (slot !== undefined && !before.has(group) && ![...before.values()].includes(slot))
        before.set(group, slot);
    }
    const slots = assignSlots(before, groups);
    this.#slots = slots;
    const shown = new Set(groups);
    return (id) => (shown.has(id) ? inkOfSlot(slots.get(id) ?? 0, look) : undefined);
  }
}
