import { within } from '../../features/feature_spec';

/** What of a network is shown, as in the address. */
export interface NetworkSpec {
  /** `weight/NAME`, `layer/NAME` or `tensor/AXIS/TAG`; null for the first there is. */
  of: string | null;
  /** Step of the training; null for the newest. */
  at: number | null;
  /** 1 for the numbers, else their variance over so many steps. */
  window: number;
  /** The state that a layer is shown at. */
  episode: number;
  step: number;
  /** How the spread of its numbers is drawn. */
  view: 'strip' | 'ridges';
}

/** Windows that are offered. */
export const WINDOWS = [1, 2, 4, 8, 16, 32] as const;

/** Reads the address; anything odd gives what is usual. */
export function parseNetwork(param: (name: string) => string | null): NetworkSpec {
  const at = param('at');
  const whole = { low: 0, high: Number.MAX_SAFE_INTEGER, usual: 0 };
  return {
    of: param('array') || null,
    at: at !== null && /^\d{1,15}$/.test(at) ? Number(at) : null,
    window: WINDOWS.find((one) => String(one) === param('window')) ?? 1,
    episode: within(param('episode'), whole),
    step: within(param('step'), whole),
    view: param('spread') === 'ridges' ? 'ridges' : 'strip',
  };
}

/** What is asked of the server; layers are asked about at a state. */
export function sourceOf({ of, episode, step }: NetworkSpec): string | null {
  if (of?.startsWith('layer/')) return `activation/${episode}/${step}/${of.slice('layer/'.length)}`;
  return of;
}
