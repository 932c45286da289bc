import type { EnvSpec, EpisodeDetail, Film } from '../../api/wire';
import { EpisodeNumbers } from '../../replay/episode_numbers.svelte';
import { episodeDetail } from '../../replay/episode_details';
import { episodeFilm, filmSteps } from '../../replay/film_details';
import type { App } from '../../state/app.svelte';
import { hasFilm } from '../../state/films';
import { stepsNotZero, stepsOfFalls, stepsOfStarts, type Actions } from './events';

/** One episode of the comparison, as far as it has been read. */
export class Contender {
  detail = $state.raw<EpisodeDetail | null>(null);
  /** The film that stands for steps that were not recorded. */
  film = $state.raw<Film | null>(null);
  numbers = $state.raw<EpisodeNumbers | null>(null);
  error = $state.raw<unknown>(null);
  /** Names that were asked for, so that another track or event asks again. */
  #asked = new Set<string>();
  #closed = false;

  constructor(
    private readonly app: App,
    readonly run: string,
    readonly episode: number,
  ) {
    episodeDetail(app.client, run, episode).then(
      async (detail) => {
        if (this.#closed) return;
        if (detail.steps === 0 && hasFilm(detail.episode.extra)) {
          // Without it the screen says why.
          this.film = await episodeFilm(app.client, run, episode).catch(() => null);
          if (this.#closed) return;
        }
        this.detail = detail;
        this.#read(detail);
      },
      (why: unknown) => (this.error = why),
    );
  }

  get id(): string {
    return `${this.run}:${this.episode}`;
  }

  get name(): string {
    return this.app.runs.byId(this.run)?.name || this.run;
  }

  get env(): EnvSpec | null {
    return this.app.details.get(this.run)?.info.env ?? null;
  }

  /** Rows that were recorded, or steps that the film shows. */
  get count(): number {
    return this.detail?.steps || (this.film ? filmSteps(this.film) : 0);
  }

  /** All that can be shown is there. */
  get ready(): boolean {
    return this.numbers?.loaded === true;
  }

  /** Makes sure that further fields of one number a step are read. */
  need(names: readonly string[]): void {
    const fresh = names.filter((name) => !this.#asked.has(name));
    if (fresh.length === 0) return;
    for (const name of fresh) this.#asked.add(name);
    if (this.detail) this.#read(this.detail);
  }

  /** Steps of an event, by its name in the address; null for events that take all episodes to find. */
  stepsOf(event: string): number[] | null {
    const column = (name: string) => this.numbers?.columns.get(name);
    if (event === 'reward') return stepsNotZero(column('reward'));
    if (event === 'lives') return stepsOfFalls(column('lives'));
    if (event === 'end')
      return this.detail ? [Math.max(0, (this.film ? this.count : this.detail.episode.length) - 1)] : [];
    if (event.startsWith('field:')) return stepsOfStarts(column(event.slice('field:'.length)));
    return null;
  }

  /** What it did, as text that is the same for the same action. Not for actions that are continuous: they always differ. */
  get actions(): Actions {
    const column = this.numbers?.columns.get('action');
    const parts = this.numbers?.parts;
    const count = this.detail?.episode.length ?? 0;
    const field = this.detail?.fields.find(({ name }) => name === 'action');
    if (!field || field.dtype?.startsWith('float')) return { count: 0, at: () => null };
    return {
      count,
      at: (step) => {
        if (column) {
          const row = step - column.first;
          if (row < 0 || row >= column.rows || column.valid?.[row] === 0) return null;
          return column.text ? column.text[row] : String(column.values[row]);
        }
        const row = parts ? step - parts.first : -1;
        if (!parts || row < 0 || row >= parts.rows || parts.valid?.[row] === 0) return null;
        return parts.values.subarray(row * parts.width, (row + 1) * parts.width).join(' ');
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.numbers?.close();
  }

  #read(detail: EpisodeDetail): void {
    const before = this.numbers;
    this.numbers = new EpisodeNumbers(this.app.client, this.run, detail, [...this.#asked]);
    before?.close();
  }
}
