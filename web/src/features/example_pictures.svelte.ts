import type { Client } from '../api/client';
import { ApiError } from '../api/source';
import { episodeDetail } from '../replay/episode_details';
import { Kept } from '../replay/kept';
import { isPicture, viewOf } from '../replay/picture';
import { RowPictures } from '../replay/row_pictures';
import { RowStore } from '../replay/row_store';
import { borrowFramePool } from '../replay/screen_pool';
import { rowsOf } from '../replay/step_column';
import type { Thumbnail } from '../workers/frame_paint';

/** Requests under way at once. */
const FLIGHTS_MAX = 6;
/** Pictures that are kept: a layer of 32 × 32 cells has no more examples. */
const KEPT_MAX = 1024;
/** Pixels of the longer side: patches of larger pictures are small anyway. */
const SIDE_MAX = 320;

/** Observations of a run as pictures, asked for one by one and kept for as long as there is room. */
export class ExamplePictures {
  /** Counts arrivals: who draws follows them. */
  arrivals = $state(0);
  /** Why the last one could not be had. */
  error = $state.raw<Error | null>(null);
  readonly #kept = new Kept<string, HTMLCanvasElement | 'none'>(KEPT_MAX);
  readonly #asked = new Set<string>();
  readonly #waiting: { episode: number; step: number; key: string }[] = [];
  #flights = 0;
  readonly #abort = new AbortController();
  readonly #pool: ReturnType<typeof borrowFramePool>;
  #told = 0;

  constructor(
    private readonly client: Client,
    readonly run: string,
    readonly field: string,
  ) {
    this.#pool = borrowFramePool();
  }

  /** The observation of a step; null where there is none, undefined while it is not here. */
  get(episode: number, step: number): HTMLCanvasElement | null | undefined {
    const known = this.#kept.get(`${episode}/${step}`);
    return known === 'none' ? null : known;
  }

  /** Makes sure that an observation comes; `first` before all that wait. */
  want(episode: number, step: number, first = false): void {
    const key = `${episode}/${step}`;
    if (this.#kept.get(key) !== undefined) return;
    if (this.#asked.has(key)) {
      const at = first ? this.#waiting.findIndex((one) => one.key === key) : -1;
      if (at > 0) this.#waiting.unshift(...this.#waiting.splice(at, 1));
      return;
    }
    this.#asked.add(key);
    if (first) this.#waiting.unshift({ episode, step, key });
    else this.#waiting.push({ episode, step, key });
    this.#next();
  }

  close(): void {
    this.#abort.abort();
    cancelAnimationFrame(this.#told);
    this.#pool[1]();
  }

  #next(): void {
    const { signal } = this.#abort;
    while (this.#flights < FLIGHTS_MAX && !signal.aborted) {
      const one = this.#waiting.shift();
      if (!one) return;
      this.#flights += 1;
      this.#read(one.episode, one.step, signal)
        .then((picture) => this.#kept.put(one.key, picture ? canvasOf(picture) : 'none'))
        .catch((error: unknown) => {
          if (!signal.aborted) this.error = error instanceof Error ? error : new Error(String(error));
        })
        .finally(() => {
          this.#flights -= 1;
          this.#asked.delete(one.key);
          this.#tell();
          this.#next();
        });
    }
  }

  /** Many come at once: all of them are drawn together. */
  #tell(): void {
    if (this.#told !== 0 || this.#abort.signal.aborted) return;
    this.#told = requestAnimationFrame(() => {
      this.#told = 0;
      this.arrivals += 1;
    });
  }

  async #read(episode: number, step: number, signal: AbortSignal): Promise<Thumbnail | null> {
    const { client, run } = this;
    const { fields, steps } = await episodeDetail(client, run, episode);
    const field = fields.find(({ name }) => name === this.field);
    if (!field || !isPicture(field)) return null;
    const view = viewOf(field, null);
    const plane = view === 'all' ? 0 : view;
    if (field.image) {
      const bytes = await client.frames(run, episode, field.name, { from: step, to: step + 1 }, signal);
      return this.#pool[0].decoder.thumbnail(bytes, { step, plane, side: SIDE_MAX }, signal);
    }
    const fetchRows = async (from: number, to: number) => {
      const { columns, first, errors } = await client.fields(run, episode, [field.name], {
        from,
        to,
        signal,
      });
      if (errors[field.name]) throw new ApiError(422, errors[field.name]!);
      return rowsOf(columns, field.name, first);
    };
    const width = field.shape.reduce((product, length) => product * length, 1);
    const store = new RowStore(steps, width, fetchRows, () => undefined);
    return new RowPictures(field, store, null, fetchRows).thumbnail(step, plane, SIDE_MAX);
  }
}

function canvasOf({ width, height, rgba }: Thumbnail): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  new Uint32Array(image.data.buffer).set(rgba);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
