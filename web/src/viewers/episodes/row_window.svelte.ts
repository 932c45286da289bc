/** Height of a row in CSS pixels. */
export const ROW = 38;
/** Rows beyond the window that exist already when they are scrolled to. */
const SPARE = 10;
/** Browsers stop at some tens of millions of pixels; scrolling is scaled beyond. */
const HEIGHT_MAX = 8_000_000;

/** Which of many rows exist, as the window over them is scrolled. */
export class RowWindow {
  scroller = $state<HTMLElement | undefined>();
  top = $state(0);
  height = $state(0);
  readonly #count: () => number;

  readonly #full = $derived.by(() => this.#count() * ROW);
  /** Height that all rows take on the page. */
  readonly shownHeight = $derived(Math.min(this.#full, HEIGHT_MAX));
  /** Pixels of all rows that a pixel of the scroll bar stands for, less one window. */
  readonly #stretch = $derived(
    this.shownHeight > this.height
      ? Math.max(1, (this.#full - this.height) / (this.shownHeight - this.height))
      : 1,
  );
  /** First row that exists. */
  readonly first = $derived(Math.max(0, Math.floor((this.top * this.#stretch) / ROW) - SPARE));
  readonly #last = $derived.by(() =>
    Math.min(this.#count(), Math.ceil((this.top * this.#stretch + this.height) / ROW) + SPARE),
  );
  /** Positions of the rows that exist. */
  readonly positions = $derived(
    Array.from({ length: Math.max(0, this.#last - this.first) }, (_, i) => this.first + i),
  );
  /** Where the first of them is drawn. */
  readonly shift = $derived(this.first * ROW - this.top * (this.#stretch - 1));

  /** `count` is followed as it changes. */
  constructor(count: () => number) {
    this.#count = count;
  }

  /** Brings a row into view. */
  reveal(position: number): void {
    if (!this.scroller) return;
    const from = (position * ROW) / this.#stretch;
    if (from < this.scroller.scrollTop) this.scroller.scrollTop = from;
    else if (from + 2 * ROW > this.scroller.scrollTop + this.height) {
      this.scroller.scrollTop = from + 2 * ROW - this.height;
    }
  }
}
