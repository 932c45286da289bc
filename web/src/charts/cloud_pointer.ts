import { panned, turned, zoomed, type Camera } from './cloud_camera';

/** What a drag does. */
export type CloudTool = 'move' | 'lasso' | 'box';

/** What the pointer did; pixels are CSS pixels of the host. */
export interface CloudGestures {
  camera(): Camera;
  size(): { width: number; height: number };
  dims(): 2 | 3;
  tool(): CloudTool;
  look(camera: Camera): void;
  hover(at: { x: number; y: number } | null): void;
  /** `holds` with shift, and with a finger, which cannot hover. */
  click(at: { x: number; y: number }, holds: boolean): void;
  /** A polygon grows, `x0, y0, x1, y1, …`; null when it was given up. */
  draw(polygon: readonly number[] | null): void;
  /** A polygon is whole. `add` when it is to join what was chosen before. */
  enclose(polygon: readonly number[], add: boolean): void;
}

/** A drag shorter than this is a click. */
const SLACK = 4;
/** How much one notch of a wheel enlarges. */
const NOTCH = 0.0016;

interface Finger {
  x: number;
  y: number;
}

/**
 * Mouse, pen and fingers on a cloud: drag moves (or turns a body; with the right button or shift it moves), a wheel or two fingers
 * enlarge, and with a lasso or box a drag encloses. Returns the way to stop.
 */
export function followPointer(host: HTMLElement, gestures: CloudGestures): () => void {
  const fingers = new Map<number, Finger>();
  let start: (Finger & { turns: boolean; encloses: boolean; add: boolean }) | null = null;
  let moved = false;
  let polygon: number[] = [];

  const at = (event: MouseEvent): Finger => {
    const box = host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const side = () => Math.min(gestures.size().width, gestures.size().height) || 1;
  const fromMiddle = ({ x, y }: Finger) =>
    [x - gestures.size().width / 2, y - gestures.size().height / 2] as const;

  function down(event: PointerEvent) {
    if (event.pointerType === 'mouse' && event.button > 2) return;
    // Links and pictures within the chart keep their own clicks.
    if (event.target instanceof Element && event.target.closest('a, button')) return;
    host.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    if (fingers.size > 1) {
      start = null;
      polygon = [];
      gestures.draw(null);
      return;
    }
    const encloses = gestures.tool() !== 'move' && event.button === 0;
    const turns = gestures.dims() === 3 && event.button === 0 && !event.shiftKey;
    start = { ...at(event), turns, encloses, add: event.shiftKey };
    moved = false;
    polygon = encloses ? [start.x, start.y] : [];
  }

  function move(event: PointerEvent) {
    const now = at(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') gestures.hover(now);
      return;
    }
    if (fingers.size === 2) pinch(event.pointerId, before, now);
    fingers.set(event.pointerId, now);
    if (!start) return;
    if (!moved && Math.hypot(now.x - start.x, now.y - start.y) < SLACK) return;
    moved = true;
    gestures.hover(null);
    if (start.encloses) {
      if (gestures.tool() === 'box')
        polygon = [start.x, start.y, now.x, start.y, now.x, now.y, start.x, now.y];
      else polygon.push(now.x, now.y);
      gestures.draw(polygon);
      return;
    }
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    const camera = gestures.camera();
    gestures.look(start.turns ? turned(camera, dx, dy, side()) : panned(camera, dx, dy, side()));
  }

  function pinch(id: number, before: Finger, now: Finger) {
    const other = [...fingers].find(([key]) => key !== id)![1];
    const factor =
      Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    const [dx, dy] = fromMiddle(middle);
    const moving = panned(gestures.camera(), (now.x - before.x) / 2, (now.y - before.y) / 2, side());
    gestures.look(Number.isFinite(factor) && factor > 0 ? zoomed(moving, factor, dx, dy, side()) : moving);
  }

  function up(event: PointerEvent) {
    if (!fingers.delete(event.pointerId) || !start) return;
    const { encloses, add } = start;
    start = null;
    if (!moved) {
      if (encloses) gestures.draw(null);
      if (event.button === 0) gestures.click(at(event), event.shiftKey || event.pointerType === 'touch');
    } else if (encloses) {
      gestures.draw(null);
      gestures.enclose(polygon, add);
    }
    polygon = [];
  }

  function cancel(event: PointerEvent) {
    fingers.delete(event.pointerId);
    start = null;
    polygon = [];
    gestures.draw(null);
  }

  function wheel(event: WheelEvent) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const factor = Math.exp(-Math.max(-400, Math.min(400, event.deltaY * lines)) * NOTCH);
    const [dx, dy] = fromMiddle(at(event));
    gestures.look(zoomed(gestures.camera(), factor, dx, dy, side()));
  }

  const leave = (event: PointerEvent) =>
    fingers.size === 0 && event.pointerType !== 'touch' && gestures.hover(null);
  const menu = (event: Event) => event.preventDefault();
  host.addEventListener('pointerdown', down);
  host.addEventListener('pointermove', move);
  host.addEventListener('pointerup', up);
  host.addEventListener('pointercancel', cancel);
  host.addEventListener('pointerleave', leave);
  host.addEventListener('wheel', wheel, { passive: false });
  host.addEventListener('contextmenu', menu);
  return () => {
    host.removeEventListener('pointerdown', down);
    host.removeEventListener('pointermove', move);
    host.removeEventListener('pointerup', up);
    host.removeEventListener('pointercancel', cancel);
    host.removeEventListener('pointerleave', leave);
    host.removeEventListener('wheel', wheel);
    host.removeEventListener('contextmenu', menu);
  };
}
