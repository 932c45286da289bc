/** What follows a pointer that took something. */
export interface Grabbed {
  /** The pointer is at `x`, `y` of the window, in pixels; called again while the page scrolls under a pointer that rests. */
  move(x: number, y: number): void;
  /** It let go; `keep` is false where Escape or the system took it away. */
  end(keep: boolean): void;
}

/** So near to the upper or lower end of the window, in pixels, the page scrolls. */
const EDGE_PX = 56;
/** How far it scrolls in a frame at the very end. */
const SCROLL_PX = 14;

/** Follows the pointer that pressed `target` until it lets go, is taken away, or Escape is pressed. The page scrolls where it reaches an end. */
export function follow(target: HTMLElement, pressed: PointerEvent, grabbed: Grabbed): void {
  target.setPointerCapture(pressed.pointerId);
  let [x, y] = [pressed.clientX, pressed.clientY];
  let frame = 0;
  const scroll = () => {
    const over = Math.max(0, y - (innerHeight - EDGE_PX)) - Math.max(0, EDGE_PX - y);
    const before = scrollY;
    if (over !== 0) scrollBy(0, (SCROLL_PX * over) / EDGE_PX);
    if (scrollY !== before) grabbed.move(x, y);
    frame = requestAnimationFrame(scroll);
  };
  const move = (event: PointerEvent) => {
    [x, y] = [event.clientX, event.clientY];
    grabbed.move(x, y);
  };
  const stop = (keep: boolean) => {
    cancelAnimationFrame(frame);
    target.removeEventListener('pointermove', move);
    target.removeEventListener('pointerup', drop);
    target.removeEventListener('pointercancel', cancel);
    removeEventListener('keydown', escape, true);
    grabbed.end(keep);
  };
  const drop = () => stop(true);
  const cancel = () => stop(false);
  const escape = (event: KeyboardEvent) => {
    if (event.key === 'Escape') stop(false);
  };
  target.addEventListener('pointermove', move);
  target.addEventListener('pointerup', drop);
  target.addEventListener('pointercancel', cancel);
  addEventListener('keydown', escape, true);
  frame = requestAnimationFrame(scroll);
}
