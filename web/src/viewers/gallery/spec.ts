import { PICKS, type Choice, type Pick } from './recordings';

/** What the address says of this page; everything else it shows follows from the runs that are shown. */
export interface Spec {
  layout: 'grid' | 'newest';
  choice: Choice;
  /** Width of a picture in CSS pixels, about. */
  size: number;
  /** Whether all episodes stand at the same step, or at the same share of their length. */
  lock: 'step' | 'share';
  speed: number;
  loops: boolean;
  /** Episodes that are picked for comparing, `RUN:EPISODE`. */
  compare: readonly string[];
}

export const SIZE = { low: 96, high: 480, start: 220, step: 12 } as const;
/** Most episodes that the Compare page takes. */
export const COMPARE_MAX = 4;

type Param = (name: string) => string | null;

/** Reads the spec; anything odd gives what is usual. */
export function specOf(param: Param): Spec {
  const layout = param('layout') === 'newest' ? 'newest' : 'grid';
  const kind = param('kind');
  const [every, size, speed] = [Number(param('every')), Number(param('size')), Number(param('speed'))];
  const pick = PICKS.find((one) => one === param('pick')) ?? pickDefault(layout);
  return {
    layout,
    choice: {
      kind: kind === 'training' || kind === 'evaluation' ? kind : 'all',
      every: Number.isInteger(every) && every > 0 ? every : 1,
      pick,
    },
    size: size >= SIZE.low && size <= SIZE.high ? size : SIZE.start,
    lock: param('lock') === 'share' ? 'share' : 'step',
    speed: speed > 0 && speed <= 64 ? speed : 1,
    loops: param('loop') !== 'off',
    compare: (param('compare') ?? '').split(',').filter(Boolean).slice(0, COMPARE_MAX),
  };
}

/** What is picked while nobody has chosen: one a stretch in a grid, all in a list. */
export function pickDefault(layout: Spec['layout']): Pick {
  return layout === 'grid' ? 'newest' : 'all';
}
