import { columnNamed, doubles, type Columns } from '../../api/columns';

/** Samples that can be heard. */
export interface Sound {
  step: number;
  /** Samples a second. */
  rate: number;
  caption: string;
  /** Samples of each channel, from −1 to 1. */
  channels: Float32Array<ArrayBuffer>[];
}

/** What browsers must be able to play (Web Audio, `createBuffer`). */
export const RATES = [3_000, 768_000] as const;
export const CHANNELS_MAX = 32;

/**
 * The last array of an answer of `/tensors` as a sound: samples, or samples by channels, with `sample_rate` in its `meta`.
 * A text says why it is none. Samples that are not finite are silent.
 */
export function soundOf(answer: Columns): Sound | string {
  const steps = doubles(columnNamed(answer, 'step'));
  const row = steps.length - 1;
  if (row < 0) return 'Nothing was logged at this step';
  const told = (answer.header.rows as { shape: number[]; meta: Record<string, unknown> | null }[])[row];
  const rate = told.meta?.sample_rate;
  if (typeof rate !== 'number') return 'No sound: nothing says its sample rate';
  if (!(rate >= RATES[0] && rate <= RATES[1]))
    return `A sound of ${rate} samples a second: browsers play ${RATES[0]} to ${RATES[1]}`;
  const [length = 0, count = 1] = told.shape;
  if (told.shape.length < 1 || told.shape.length > 2 || length === 0 || count < 1 || count > CHANNELS_MAX)
    return `An array of the shape ${told.shape.join(' × ') || '1'}: expected samples, or samples by 1 to ${CHANNELS_MAX} channels`;
  const samples = doubles(columnNamed(answer, `row/${row}`));
  const channels = Array.from({ length: count }, (_, channel) =>
    Float32Array.from({ length }, (_, at) => {
      const sample = samples[at * count + channel];
      return Number.isFinite(sample) ? sample : 0;
    }),
  );
  const caption = told.meta?.caption;
  return { step: steps[row], rate, caption: typeof caption === 'string' ? caption : '', channels };
}

/** The least and the largest sample of each of `count` parts, of all channels: what a wave is drawn from. */
export function outline({ channels }: Sound, count: number): [low: number, high: number][] {
  const { length } = channels[0];
  const parts = Math.min(count, length);
  return Array.from({ length: parts }, (_, part) => {
    const [from, to] = [Math.floor((part * length) / parts), Math.floor(((part + 1) * length) / parts)];
    let [low, high] = [Infinity, -Infinity];
    for (const samples of channels)
      for (let at = from; at < to; at++) {
        low = Math.min(low, samples[at]);
        high = Math.max(high, samples[at]);
      }
    return [low, high];
  });
}
