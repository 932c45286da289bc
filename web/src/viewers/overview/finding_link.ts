import type { HealthFinding } from '../../api/wire';

/** A finding is shown with so much of the run to both sides of it. */
const AROUND = 0.05;
/** And with so many steps at the least. */
const STEPS_MIN = { global_step: 200, episode: 10 } as const;

/**
 * What the address of Training has to say to show a finding: its curve alone, enlarged around its step. Null for what is on no curve there.
 * `globalStep` and `episodes` are how far the run is.
 */
export function trainingOf(
  { tag, axis, step }: Pick<HealthFinding, 'tag' | 'axis' | 'step'>,
  globalStep: number,
  episodes: number,
): Record<string, string | null> | null {
  if (tag === null || step === null || (axis !== 'global_step' && axis !== 'episode')) return null;
  const length = axis === 'episode' ? episodes : globalStep;
  const around = Math.max(STEPS_MIN[axis], Math.round(AROUND * length));
  return {
    filter: `^${escaped(tag)}$`,
    x: axis === 'episode' ? 'episode' : null,
    zoom: `${axis}:${Math.max(0, step - around)}..${step + around}`,
  };
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
