/** Columns of the grid that panels lie on. */
export const COLUMNS = 12;
/** Least size of a panel, in columns and rows. */
export const WIDTH_MIN = 2;
export const HEIGHT_MIN = 3;
/** Most rows of one panel, and where the grid ends. */
export const HEIGHT_MAX = 40;
export const ROWS_MAX = 2000;
/** Most panels of one layout. */
export const PANELS_MAX = 100;

/** What a panel was told to show: one value an input of its kind. */
export type SpecValue = string | number | boolean | readonly string[];
export type Spec = Readonly<Record<string, SpecValue>>;

/** A place on the grid, in columns and rows. */
export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  /** Unique in its layout, while the page is open. */
  id: string;
  /** Name of its kind. */
  kind: string;
  /** Given by a person; empty for what the kind says of it. */
  title: string;
  box: Box;
  spec: Spec;
}

/** Panels from top to bottom, left to right; no two overlap, and none could rise. */
export type Layout = readonly Panel[];

/** Panels in reading order, pushed down where they overlap and up where there is room. */
export function settled(panels: Layout): Layout {
  const placed: Panel[] = [];
  for (const panel of inOrder(panels)) {
    let box = bounded(panel.box);
    while (placed.some((other) => overlap(other.box, box))) box = { ...box, y: box.y + 1 };
    while (box.y > 0 && !placed.some((other) => overlap(other.box, { ...box, y: box.y - 1 }))) {
      box = { ...box, y: box.y - 1 };
    }
    placed.push(sameBox(box, panel.box) ? panel : { ...panel, box });
  }
  return inOrder(placed);
}

/** The layout with panel `id` in another place or of another size; the others make room. */
export function reshaped(layout: Layout, id: string, wanted: Box): Layout {
  const panel = layout.find((one) => one.id === id);
  if (!panel) return layout;
  let box = bounded(wanted);
  if (box.y > panel.box.y) {
    // Downwards it changes places with each panel whose middle it passes; else it would rise again at once.
    for (const { box: other } of layout) {
      const below = other.y >= panel.box.y + panel.box.h && beside(other, box);
      if (below && box.y + box.h > other.y + other.h / 2)
        box = { ...box, y: Math.max(box.y, other.y + other.h) };
    }
  }
  const others = inOrder(layout.filter((one) => one.id !== id));
  const placed: Panel[] = [{ ...panel, box }];
  for (const one of others) {
    let at = one.box;
    while (placed.some((other) => overlap(other.box, at))) at = { ...at, y: at.y + 1 };
    placed.push({ ...one, box: at });
  }
  return settled(placed);
}

/** The layout with panel `id` a column to the side, or past its neighbour above or below. */
export function nudged(layout: Layout, id: string, direction: 'left' | 'right' | 'up' | 'down'): Layout {
  const panel = layout.find((one) => one.id === id);
  if (!panel) return layout;
  const { box } = panel;
  if (direction === 'left') return reshaped(layout, id, { ...box, x: box.x - 1 });
  if (direction === 'right') return reshaped(layout, id, { ...box, x: box.x + 1 });
  const column = layout.filter((one) => one.id !== id && beside(one.box, box)).map((one) => one.box);
  if (direction === 'up') {
    const above = column.filter((other) => other.y + other.h <= box.y);
    return above.length === 0
      ? layout
      : reshaped(layout, id, { ...box, y: Math.max(...above.map(({ y }) => y)) });
  }
  const below = column.filter((other) => other.y >= box.y + box.h);
  return below.length === 0
    ? layout
    : reshaped(layout, id, { ...box, y: Math.min(...below.map(({ y, h }) => y + h)) });
}

/**
 * The layout with panel `id` one place earlier or later in reading order, as a phone shows it: it changes places with its neighbour, and
 * takes its size too where the grid would not keep the order otherwise.
 */
export function shifted(layout: Layout, id: string, by: -1 | 1): Layout {
  const order = inOrder(layout);
  const at = order.findIndex((panel) => panel.id === id);
  const [first, second] = [order[Math.min(at, at + by)], order[Math.max(at, at + by)]];
  if (at < 0 || !first || !second) return layout;
  const wanted = order
    .map((panel) => (panel === first ? second : panel === second ? first : panel).id)
    .join();
  const [a, b] = [first.box, second.box];
  const besides = a.y === b.y;
  const tries = [
    // Each keeps its size.
    new Map([
      [first.id, { ...a, x: besides ? a.x + b.w : b.x, y: besides ? a.y : a.y + b.h }],
      [second.id, { ...b, x: a.x, y: a.y }],
    ]),
    new Map([
      [first.id, b],
      [second.id, a],
    ]),
  ];
  for (const boxes of tries) {
    const next = settled(
      order.map((panel) => ({ ...panel, box: bounded(boxes.get(panel.id) ?? panel.box) })),
    );
    if (next.map((panel) => panel.id).join() === wanted) return next;
  }
  return layout;
}

/** The layout with panel `id` at place `at` of the reading order, one place after the other; as near to it as the grid allows. */
export function movedTo(layout: Layout, id: string, at: number): Layout {
  let moved = layout;
  for (;;) {
    const now = inOrder(moved).findIndex((panel) => panel.id === id);
    if (now < 0 || now === at) return moved;
    const next = shifted(moved, id, now < at ? 1 : -1);
    if (next === moved) return moved;
    moved = next;
  }
}

/** The layout with one panel more: at the first place from the top that has room for it. */
export function withPanel(
  layout: Layout,
  panel: Omit<Panel, 'box'>,
  [w, h]: readonly [number, number],
): Layout {
  const end = Math.max(0, ...layout.map(({ box }) => box.y + box.h));
  // Beside what stands last, else below: what was just added should not hide between older panels.
  const last = Math.max(0, ...layout.map(({ box }) => box.y));
  for (let y = last; y <= end; y += 1) {
    for (let x = 0; x + w <= COLUMNS; x += 1) {
      const box = { x, y, w, h };
      if (!layout.some((other) => overlap(other.box, box))) return settled([...layout, { ...panel, box }]);
    }
  }
  return settled([...layout, { ...panel, box: { x: 0, y: end, w, h } }]);
}

export function withoutPanel(layout: Layout, id: string): Layout {
  return settled(layout.filter((panel) => panel.id !== id));
}

/** The layout with other members of panel `id`. */
export function withChange(layout: Layout, id: string, change: Partial<Omit<Panel, 'id' | 'box'>>): Layout {
  return layout.map((panel) => (panel.id === id ? { ...panel, ...change } : panel));
}

/** An id that no panel has. */
export function freshId(layout: Layout): string {
  const used = new Set(layout.map(({ id }) => id));
  let number = layout.length + 1;
  while (used.has(`p${number}`)) number += 1;
  return `p${number}`;
}

/** A box that lies on the grid. */
export function bounded({ x, y, w, h }: Box): Box {
  const width = clamp(w, WIDTH_MIN, COLUMNS);
  return {
    x: clamp(x, 0, COLUMNS - width),
    y: clamp(y, 0, ROWS_MAX),
    w: width,
    h: clamp(h, HEIGHT_MIN, HEIGHT_MAX),
  };
}

function inOrder(panels: Layout): Panel[] {
  return panels.toSorted((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
}

function overlap(a: Box, b: Box): boolean {
  return beside(a, b) && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** Whether they share a column. */
function beside(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w;
}

function sameBox(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, Math.round(value)));
}
