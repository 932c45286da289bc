import type { EpisodeEnd } from '../../api/wire';
import type { StepColumn } from '../../replay/step_column';

/** What happened at a step, so far as the fields say. */
export type MomentKind = 'gain' | 'loss' | 'life' | 'random' | 'terminated' | 'truncated';

export interface Moment {
  step: number;
  kind: MomentKind;
  /** For people: `reward +1`. */
  text: string;
}

/** Which rewards stand out: those other than `usual`. */
export interface RewardMoments {
  moments: Moment[];
  /** The reward of most steps; null when no reward is usual, and then none stands out. */
  usual: number | null;
}

/**
 * Rewards that stand out from the usual one, which is zero in most games and one in those that pay for every step survived. Where
 * less than half of the steps share one reward, every step has its own and none is a moment.
 */
export function rewardMoments(column: StepColumn | undefined): RewardMoments {
  const counts = new Map<number, number>();
  let finite = 0;
  each(column, (_, reward) => {
    finite += 1;
    counts.set(reward, (counts.get(reward) ?? 0) + 1);
  });
  let usual: number | null = null;
  for (const [reward, count] of counts) if (count * 2 >= finite) usual = reward;
  const moments: Moment[] = [];
  if (usual !== null) {
    each(column, (step, reward) => {
      if (reward === usual) return;
      moments.push({ step, kind: reward > usual ? 'gain' : 'loss', text: `reward ${signed(reward)}` });
    });
  }
  return { moments, usual };
}

/** Steps after which fewer lives were left. */
export function lifeMoments(column: StepColumn | undefined): Moment[] {
  const moments: Moment[] = [];
  let before: number | null = null;
  each(column, (step, lives) => {
    if (before !== null && lives < before)
      moments.push({ step, kind: 'life', text: `life lost, ${lives} left` });
    before = lives;
  });
  return moments;
}

/** Steps at which the exploration schedule chose rather than the policy. */
export function randomMoments(greedy: StepColumn | undefined): Moment[] {
  const moments: Moment[] = [];
  each(greedy, (step, chosen) => {
    if (chosen === 0) moments.push({ step, kind: 'random', text: 'action drawn at random' });
  });
  return moments;
}

/** How the episode ended, at its last step; nothing while it goes on. */
export function endMoments(end: EpisodeEnd, length: number): Moment[] {
  const step = Math.max(0, length - 1);
  const moments: Moment[] = [];
  if (end === 'terminated' || end === 'both') moments.push({ step, kind: 'terminated', text: 'terminated' });
  if (end === 'truncated' || end === 'both') moments.push({ step, kind: 'truncated', text: 'truncated' });
  return moments;
}

/** The first of ascending `steps` after `from` (by +1) or before it (by −1); null when there is none. */
export function neighbourStep(steps: readonly number[], from: number, by: 1 | -1): number | null {
  return (by > 0 ? steps.find((step) => step > from) : steps.findLast((step) => step < from)) ?? null;
}

function each(column: StepColumn | undefined, see: (step: number, value: number) => void): void {
  if (!column) return;
  for (let row = 0; row < column.values.length; row += 1) {
    if (column.valid && column.valid[row] === 0) continue;
    const value = column.values[row];
    if (Number.isFinite(value)) see(column.first + row, value);
  }
}

const signed = (value: number) => `${value > 0 ? '+' : ''}${Number(value.toPrecision(4))}`.replace('-', '−');
