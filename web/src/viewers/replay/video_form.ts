import type { FieldEntry } from '../../api/wire';
import type { VideoOptions } from '../../api/video';
import { COLOUR_MAPS } from '../../theme/colour_maps';
import { policiesOf, type Policy } from './policy/policies';
import { elementsOf } from './roles';
import type { LookSpec } from './why/look_spec';
import type { WhySpec } from './why/why_spec';

/** Stands for no picture and for no bars. */
export const NOTHING = 'none';

/** What can be chosen as bars: the field, and what it is called. */
export interface BarsChoice {
  field: string;
  title: string;
}

/** Ways to see a policy that are no bars, and the numbers of the same that are. */
const AS_BARS: Partial<Record<Policy['kind'], string>> = { distribution: 'q_mean', heads: 'q_mean' };

/** Numbers of the step that can be bars: what the policy said first, then any other field of several numbers. */
export function barsChoices(fields: readonly FieldEntry[], hasDiscreteAction: boolean): BarsChoice[] {
  const there = new Set(fields.map(({ name }) => name));
  const choices: BarsChoice[] = [];
  const add = (field: string, title: string) => {
    if (there.has(field) && choices.every((choice) => choice.field !== field)) choices.push({ field, title });
  };
  for (const { kind, field, title } of policiesOf(fields, hasDiscreteAction)) {
    add(AS_BARS[kind] ?? field, AS_BARS[kind] ? 'Q-values' : title);
  }
  const numeric = ({ axis, image, dtype }: FieldEntry) => axis === 'step' && !image && dtype !== null;
  for (const field of fields) if (numeric(field) && elementsOf(field) > 1) add(field.name, field.name);
  return choices;
}

/** The bars that a reader sees now, as a choice. */
export function barsShown(choices: readonly BarsChoice[], policy: string | null): string {
  const asked = choices.find(({ field }) => field === policy) ?? choices[0];
  return asked?.field ?? NOTHING;
}

/** Frames a second that each kind of file takes. */
export const FPS_MOST: Record<VideoOptions['format'], number> = { mp4: 120, gif: 50 };

/** A length of time in words: `33.3 s`. */
export function lengthOf(frames: number, fps: number): string {
  return `${frames.toLocaleString('en')} ${frames === 1 ? 'frame' : 'frames'}, ${(frames / fps).toFixed(1)} s`;
}

/** The overlay of Replay, as a film is asked for it: in the colours and on the scale that the reader sees now. */
export function overlayOptions(
  why: Pick<WhySpec, 'method' | 'target' | 'checkpoint'>,
  look: Pick<LookSpec, 'blend' | 'colours' | 'opacity' | 'sign' | 'outliers'>,
): Pick<
  VideoOptions,
  'overlay' | 'target' | 'checkpoint' | 'opacity' | 'blend' | 'colours' | 'sign' | 'outliers'
> {
  const { blend, colours, opacity, sign, outliers } = look;
  return {
    overlay: why.method,
    // Both heads at once are of the action and the value.
    target: blend === 'heads' ? undefined : why.target,
    checkpoint: why.checkpoint ?? undefined,
    opacity,
    blend,
    colours,
    sign,
    outliers,
  };
}

/** The same in words. */
export function overlayWords({ method }: Pick<WhySpec, 'method'>, look: Pick<LookSpec, 'blend' | 'colours'>) {
  const words = method.replaceAll('_', ' ');
  if (look.blend === 'heads') return `${words} of the policy in blue and of the value in red`;
  return look.blend === 'multiply'
    ? `${words} as a spotlight`
    : `${words} in ${COLOUR_MAPS[look.colours].title}`;
}
