import { featureOf, featureText } from '../../features/feature_number';
import type { FeatureSpec } from '../../features/feature_spec';
import type { Features, WithoutFeatures } from '../../api/features';
import { numbersText } from '../../ui/episode_numbers';

/** A step of which the policy would say something else. */
export interface ChangedStep {
  step: number;
  kl: number;
  flips: boolean;
  /** Greedy choices, from 0; NaN where there is none. */
  before: number;
  after: number;
  /** How likely the choice of before is, before and after; NaN without a distribution. */
  likelyBefore: number;
  likelyAfter: number;
  valueBefore: number;
  valueAfter: number;
}

/** What is said of consecutive steps, one answer after the other, as one. */
export function joined(parts: readonly WithoutFeatures[]): WithoutFeatures | null {
  const [first] = parts;
  if (!first) return null;
  const doubles = (of: (part: WithoutFeatures) => Float64Array) =>
    Float64Array.from(parts.flatMap((part) => [...of(part)]));
  const said = (name: 'before' | 'after') => ({
    actions: first[name].actions,
    probabilities: Float32Array.from(parts.flatMap((part) => [...part[name].probabilities])),
    value: doubles((part) => part[name].value),
    greedy: doubles((part) => part[name].greedy),
  });
  return {
    step: doubles(({ step }) => step),
    kl: doubles(({ kl }) => kl),
    flips: Uint8Array.from(parts.flatMap(({ flips }) => [...flips])),
    before: said('before'),
    after: said('after'),
  };
}

/** Steps in order of how much changes: those whose choice is another first, then by KL, then by the change of the value. */
export function ranked(found: WithoutFeatures, most: number): ChangedStep[] {
  const { step, kl, flips, before, after } = found;
  const likely = (said: WithoutFeatures['before'], row: number, choice: number) =>
    choice >= 0 && choice < said.actions
      ? (said.probabilities[row * said.actions + choice] ?? Number.NaN)
      : Number.NaN;
  const changed = (row: number) => Math.abs(after.value[row]! - before.value[row]!) || 0;
  return [...step.keys()]
    .toSorted(
      (a, b) => flips[b]! - flips[a]! || (kl[b] || 0) - (kl[a] || 0) || changed(b) - changed(a) || a - b,
    )
    .slice(0, most)
    .map((row) => ({
      step: step[row]!,
      kl: kl[row]!,
      flips: flips[row] === 1,
      before: before.greedy[row]!,
      after: after.greedy[row]!,
      likelyBefore: likely(before, row, before.greedy[row]!),
      likelyAfter: likely(after, row, before.greedy[row]!),
      valueBefore: before.value[row]!,
      valueAfter: after.value[row]!,
    }));
}

/** The features that are left out, as in the address. */
export function leftOutOf(text: string | null, count: number): number[] {
  const numbers = (text ?? '').split(',').flatMap((part) => featureOf(part) ?? []);
  return [...new Set(numbers)].filter((index) => index < count).toSorted((a, b) => a - b);
}

export const leftOutText = (indices: readonly number[]) => indices.map(featureText).join(',') || null;

/** What the command plays episodes without these features by: how they are found again, and which. */
export function rolloutCommand(
  run: string,
  { layer, of, factors, checkpoint }: Pick<Features, 'layer' | 'of' | 'factors' | 'checkpoint'>,
  { steps, episodes }: Pick<FeatureSpec, 'steps' | 'episodes'>,
  indices: readonly number[],
): string {
  const words = [
    `${run}@${checkpoint.global_step}`,
    '--without',
    indices.join(','),
    '--layer',
    layer,
    '--of',
    of,
    '--factors',
    String(factors.length),
    '--states',
    String(steps),
    ...(episodes ? ['--of-episodes', inRanges(episodes)] : []),
    '--episodes',
    '10',
    '--compare',
  ];
  return `ethogram rollout ${words.map(inShell).join(' ')}`;
}

/** Episodes as the command takes them: `0..3,7`, where the end of a range is not in it. */
function inRanges(episodes: readonly number[]): string {
  return numbersText(episodes, ',').replace(/(\d+)-(\d+)/g, (_, from, to) => `${from}..${Number(to) + 1}`);
}

/** A word as shells read it. */
function inShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
