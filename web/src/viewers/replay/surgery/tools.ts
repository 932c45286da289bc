import type { Change, Edit, Place } from '../../../api/what_if';

/** What the hand does. */
export const SHAPES = ['brush', 'rectangle'] as const;
export type Shape = (typeof SHAPES)[number];

/** What happens there. */
export const ACTIONS = ['paint', 'erase', 'blur', 'paste'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Tool {
  shape: Shape;
  action: Action;
  /** Radius of the brush, in pixels. */
  radius: number;
  /** What is painted. */
  value: number;
  /** Standard deviation of the blur, in pixels. */
  sigma: number;
  /** Where pasted pixels come from. */
  from: { step: number; dx: number; dy: number };
}

export const ACTION_DOCS: Record<Action, string> = {
  paint: 'Paint with one value',
  erase: 'Put there what is usually there: the median over the episode',
  blur: 'Blur: take the detail away',
  paste: 'Paste what was there at another step',
};

/** The edit that a tool makes of a place. */
export function editOf(field: string, place: Place, plane: number | null, tool: Tool): Edit {
  const edit: Edit = { field, place, change: changeOf(tool) };
  return plane === null ? edit : { ...edit, planes: [plane] };
}

function changeOf({ action, value, sigma, from }: Tool): Change {
  if (action === 'erase') return 'erase';
  if (action === 'blur') return { blur: sigma };
  if (action === 'paint') return { set: value };
  const { step, dx, dy } = from;
  return { paste: dx || dy ? { step, dx, dy } : { step } };
}
