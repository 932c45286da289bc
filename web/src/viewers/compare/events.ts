import type { StepColumn } from '../../replay/step_column';

/** The actions of one episode, to be told apart: one number, one word or a row of numbers a step. */
export interface Actions {
  /** Steps that have an action. */
  count: number;
  /** The same text for the same action; null where none was logged. */
  at(step: number): string | null;
}

/** An event that episodes can be locked by, found in logged fields. */
export interface EventKind {
  /** As in the address. */
  name: string;
  title: string;
  /** What it is found in, for people. */
  source: string;
}

export const EVENTS: readonly EventKind[] = [
  { name: 'reward', title: 'reward', source: 'steps whose logged reward is not 0' },
  { name: 'lives', title: 'life lost', source: 'steps at which the logged lives went down' },
  { name: 'action', title: 'first different action', source: 'the first step whose logged actions differ' },
  { name: 'end', title: 'end of the episode', source: 'the last step of each episode' },
];

/** Steps at which a number is there and not 0. */
export function stepsNotZero(column: StepColumn | undefined): number[] {
  return stepsWhere(column, (value) => value !== 0);
}

/** Steps at which a number is smaller than the one before. A step without a number is passed over. */
export function stepsOfFalls(column: StepColumn | undefined): number[] {
  let before: number | null = null;
  return stepsWhere(column, (value) => {
    const fell = before !== null && value < before;
    before = value;
    return fell;
  });
}

/** Steps at which a number begins to be something other than 0. */
export function stepsOfStarts(column: StepColumn | undefined): number[] {
  let before = 0;
  return stepsWhere(column, (value) => {
    const starts = value !== 0 && before === 0;
    before = value;
    return starts;
  });
}

/** The first step at which not all episodes did the same, null when there is none before one of them ends. */
export function firstDifference(all: readonly Actions[], from: readonly number[] = []): number | null {
  if (all.length < 2) return null;
  const starts = all.map((_, i) => from[i] ?? 0);
  const count = Math.min(...all.map((actions, i) => actions.count - starts[i]));
  for (let step = 0; step < count; step += 1)
    if (
      differsAt(
        all,
        starts.map((start) => start + step),
      )
    )
      return step;
  return null;
}

/** Whether actions at these steps, one an episode, are there and not all the same. */
export function differsAt(all: readonly Actions[], steps: readonly number[]): boolean {
  let first: string | null = null;
  for (let i = 0; i < all.length; i += 1) {
    const one = steps[i] < 0 || steps[i] >= all[i].count ? null : all[i].at(steps[i]);
    if (one === null) continue;
    if (first === null) first = one;
    else if (one !== first) return true;
  }
  return false;
}

function stepsWhere(column: StepColumn | undefined, test: (value: number) => boolean): number[] {
  if (!column || column.text) return [];
  const steps: number[] = [];
  for (let row = 0; row < column.rows; row += 1) {
    const value = column.values[row];
    if ((column.valid && column.valid[row] === 0) || Number.isNaN(value)) continue;
    if (test(value)) steps.push(column.first + row);
  }
  return steps;
}
