import type { Axis } from './axis';
import type { Extent } from './series';

/** What the pointer may do to a chart. */
export interface PointerTarget {
  /** The axes as they are drawn now. */
  readonly axes: { x: Axis; y: Axis } | null;
  /** The pointer is there, in CSS pixels of the chart; null when it left. */
  moved(at: readonly [left: number, top: number] | null): void;
  clicked(at: readonly [left: number, top: number], touch: boolean): void;
  /** A part is being marked, along x or along y, in pixels; null for none. */
  marked(mark: { axis: 'x' | 'y'; from: number; to: number } | null): void;
  zoomX(range: Extent | null): void;
  zoomY(range: Extent | null): void;
}

/** A press that moves less than this is a click. */
const DRAG_PX = 5;
/** One notch of a wheel, which zooms by a quarter. */
const NOTCH_PX = 100;
const LINE_PX = 16;

/** Which part of a chart a place is in. */
type Zone = 'plot' | 'x' | 'y';

/**
 * What a mouse, a pen or a finger does on a chart of lines: drag marks a part to zoom to, shift-drag and the sideways wheel pan, ctrl and
 * the wheel zoom where the pointer is, a drag along an axis pans x and marks y, a double click shows all.
 */
export class LinePointer {
  readonly #element: HTMLElement;
  readonly #target: PointerTarget;
  readonly #stop = new AbortController();
  #press: { id: number; zone: Zone; left: number; top: number; pan: boolean; x: Axis } | null = null;
  #dragged = false;
  #touch = false;

  constructor(element: HTMLElement, target: PointerTarget) {
    this.#element = element;
    this.#target = target;
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      act: (event: HTMLElementEventMap[Name]) => void,
      passive = true,
    ) => element.addEventListener(name, act, { signal: this.#stop.signal, passive });
    on('pointerdown', (event) => this.#down(event));
    on('pointermove', (event) => this.#move(event));
    on('pointerup', (event) => this.#up(event));
    on('pointercancel', () => this.#end());
    on('pointerleave', () => !this.#press && target.moved(null));
    on('click', (event) => {
      if (!this.#dragged && this.#zone(event) === 'plot') target.clicked(this.#at(event), this.#touch);
    });
    on('dblclick', (event) => {
      if (this.#zone(event) !== 'y') target.zoomX(null);
      if (this.#zone(event) !== 'x') target.zoomY(null);
    });
    on('wheel', (event) => this.#wheel(event), false);
  }

  /** Stops listening. */
  dispose(): void {
    this.#stop.abort();
  }

  #at(event: MouseEvent): readonly [number, number] {
    const box = this.#element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #zone(event: MouseEvent): Zone {
    const { axes } = this.#target;
    const [left, top] = this.#at(event);
    if (axes && left < axes.x.start) return 'y';
    return axes && top > axes.y.start ? 'x' : 'plot';
  }

  #down(event: PointerEvent): void {
    this.#dragged = false;
    this.#touch = event.pointerType === 'touch';
    const { axes } = this.#target;
    if (!axes || event.button !== 0) return;
    const [left, top] = this.#at(event);
    const zone = this.#zone(event);
    this.#press = { id: event.pointerId, zone, left, top, pan: event.shiftKey || zone === 'x', x: axes.x };
  }

  #move(event: PointerEvent): void {
    const at = this.#at(event);
    const press = this.#press;
    if (!press) {
      this.#target.moved(this.#zone(event) === 'plot' ? at : null);
      return;
    }
    const [left, top] = at;
    const along = press.zone === 'y' ? top - press.top : left - press.left;
    if (!this.#dragged && Math.abs(along) < DRAG_PX) return;
    if (!this.#dragged) {
      this.#dragged = true;
      this.#element.setPointerCapture(press.id);
      this.#target.moved(null);
    }
    if (press.pan && press.zone !== 'y') {
      this.#target.zoomX(press.x.dragged(along));
      return;
    }
    this.#target.marked(
      press.zone === 'y'
        ? { axis: 'y', from: press.top, to: top }
        : { axis: 'x', from: press.left, to: left },
    );
  }

  #up(event: PointerEvent): void {
    const press = this.#press;
    const { axes } = this.#target;
    this.#end();
    if (!press || !axes || !this.#dragged) return;
    const [left, top] = this.#at(event);
    if (press.zone === 'y') {
      this.#target.zoomY(axes.y.between(within(press.top, axes.y), within(top, axes.y)));
    } else if (!press.pan) {
      this.#target.zoomX(axes.x.between(within(press.left, axes.x), within(left, axes.x)));
    }
  }

  #end(): void {
    this.#press = null;
    this.#target.marked(null);
  }

  #wheel(event: WheelEvent): void {
    const { axes } = this.#target;
    if (!axes || this.#zone(event) === 'y') return;
    const scale = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const zooms = event.ctrlKey || event.metaKey;
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    // A wheel that turns up or down scrolls the page.
    if (!zooms && Math.abs(sideways) <= (event.shiftKey ? 0 : Math.abs(event.deltaY))) return;
    event.preventDefault();
    const [left] = this.#at(event);
    this.#target.zoomX(
      zooms
        ? axes.x.zoomed(left, 1.25 ** ((event.deltaY * scale) / NOTCH_PX))
        : axes.x.dragged(-sideways * scale),
    );
  }
}

function within(pixel: number, axis: Axis): number {
  const [low, high] = axis.start < axis.end ? [axis.start, axis.end] : [axis.end, axis.start];
  return Math.min(high, Math.max(low, pixel));
}
