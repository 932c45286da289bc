import type { Look } from './palette';

/**
 * Colours from low to high, even steps of lightness in one order for every kind of sight, each 3:1 or more from the page.
 *
 * **Source** van der Walt and Smith, viridis, 2015; its ends that would vanish into the page are left out or moved.
 */
export const SEQUENTIAL: Record<Look, readonly string[]> = {
  light: ['#440154', '#472f7d', '#3a528b', '#2c728e', '#21888c', '#1f9467', '#6a8f10'],
  dark: ['#8b7fd8', '#6f94d6', '#4fa9c6', '#35bda6', '#5ccf74', '#a8dc3c', '#fde725'],
};

/** The step of a value between two ends; null for what is not finite. */
export function sequentialStep(value: number, low: number, high: number): number | null {
  if (!Number.isFinite(value)) return null;
  const steps = SEQUENTIAL.light.length;
  const part = high > low ? (value - low) / (high - low) : 0.5;
  return Math.min(steps - 1, Math.max(0, Math.floor(part * steps)));
}
