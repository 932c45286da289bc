import type { Features } from '../api/features';

/** Channels that a direction is mostly made of. */
const CHANNELS_SHOWN = 6;

/** The largest entries of a factor's direction, and what part of the whole each is. */
export function strongestChannels(
  { directions, factors, shape }: Pick<Features, 'directions' | 'factors' | 'shape'>,
  factor: number,
): { channel: number; share: number }[] {
  const width = factors.length > 0 ? directions.length / factors.length : (shape[0] ?? 0);
  const own = directions.subarray(factor * width, (factor + 1) * width);
  const whole = own.reduce((sum, one) => sum + Math.abs(one), 0);
  if (whole === 0) return [];
  return Array.from(own, (one, channel) => ({ channel, share: Math.abs(one) / whole }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share || a.channel - b.channel)
    .slice(0, CHANNELS_SHOWN);
}
