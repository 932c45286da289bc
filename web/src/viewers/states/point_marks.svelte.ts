import type { CloudMarks } from '../../charts/cloud_marks';
import { Kept } from '../../replay/kept';
import { value } from '../../theme/format';
import type { MapView } from './map_view.svelte';
import { ELEMENTS_MAX } from './moment_card';
import { PICTURE_PX, PointPictures } from './point_pictures.svelte';
import { barsOf, glyphOf, reachOf } from './state_glyph';

/** Numbers of a state that go by names. */
const ELEMENT = /^observation(?:\[\d+\])?$/;
const GLYPHS_MAX = 2000;

/** What is drawn at points in place of a dot: what was seen, its numbers as bars where no picture was logged, and the words of a field. */
export class PointMarks {
  readonly pictures: PointPictures;

  /** Numbers that are drawn as bars: those of the observation, where no picture was logged. */
  readonly elementNames = $derived.by(() =>
    this.view.spec.pictures && this.pictures.lacking
      ? this.view.colourNames.filter((name) => ELEMENT.test(name)).slice(0, ELEMENTS_MAX)
      : [],
  );
  readonly #elements = $derived.by(() => {
    const columns = this.elementNames.map((name) => this.view.fields.get(name)?.values);
    if (columns.length === 0 || columns.some((column) => column === undefined)) return null;
    const known = columns as Float64Array[];
    return {
      columns: known,
      reaches: known.map(reachOf),
      drawn: new Kept<number, HTMLCanvasElement>(GLYPHS_MAX),
    };
  });
  readonly #ink = $derived.by(() => {
    const { ground, warm, cold } = this.view.dress.tokens;
    return { ground, above: warm, below: cold };
  });
  readonly marks = $derived.by((): CloudMarks | null => {
    const { pictures: shown, label } = this.view.spec;
    const column = label === null ? undefined : this.view.column(label);
    if (!shown && !column) return null;
    // Another object for each arrival: what is on the screen is drawn anew.
    void this.pictures.arrivals;
    const [elements, ink] = [this.#elements, this.#ink];
    const isComing = this.elementNames.some(
      (name) => !this.view.fields.get(name) && !this.view.fields.error(name),
    );
    return {
      side: shown ? PICTURE_PX : 0,
      words: column !== undefined,
      picture: (point) => {
        const seen = this.pictures.get(point);
        if (seen !== null || isComing) return seen ?? undefined;
        if (!elements) return null;
        let glyph = elements.drawn.get(point);
        if (!glyph) {
          const bars = barsOf(
            elements.columns.map((values) => values[point]),
            elements.reaches,
          );
          glyph = glyphOf(bars, 2 * PICTURE_PX, ink);
          elements.drawn.put(point, glyph);
        }
        return glyph;
      },
      word: (point) => {
        const number = column?.values[point] ?? NaN;
        return Number.isNaN(number) ? '' : column!.names[number] || value(number, 3);
      },
    };
  });
  /** What is to be said of the pictures; empty for nothing. */
  readonly note = $derived.by(() => {
    if (!this.view.spec.pictures) return '';
    if (this.elementNames.length > 0)
      return 'no picture was logged: a bar is a number of the observation, from the smallest to the largest of these points';
    return this.pictures.lacking ? 'no picture and no observation of numbers was logged at some points' : '';
  });

  constructor(private readonly view: MapView) {
    this.pictures = new PointPictures(view.app.client);
  }

  /** These points are to have their pictures. */
  want(wanted: readonly number[]): void {
    const { points, spec } = this.view;
    if (points && spec.pictures) this.pictures.want(points, wanted);
  }
}
