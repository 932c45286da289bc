import type { Client } from '../api/client';
import type { EnvSpec, EpisodeDetail, FieldEntry } from '../api/wire';
import { value } from '../theme/format';
import { numberAt, rowsOf, stepColumn, textAt, type StepColumn } from './step_column';
import type { Rows } from './row_store';

/** Actions of more parts are too wide to be fetched whole. */
const PARTS_MAX = 32;

/** Fields of one number a step that tell how an episode went, as far as the episode has them; derived ones among them. */
export const TELLING = ['reward', 'episode_return', 'value', 'max_q', 'lives'] as const;

/** The numbers of one episode that small views show beside its picture, whole columns in one request. */
export class EpisodeNumbers {
  /** By name; a name that is not there was not logged, or has not come yet. */
  columns = $state.raw<ReadonlyMap<string, StepColumn>>(new Map());
  /** The action where it is several numbers. */
  parts = $state.raw<Rows | null>(null);
  error = $state.raw<unknown>(null);
  loaded = $state(false);
  readonly #controller = new AbortController();

  /** `more` are further fields of one number a step to be read. */
  constructor(client: Client, run: string, detail: EpisodeDetail, more: readonly string[] = []) {
    const field = (name: string) => detail.fields.find((one) => one.name === name && one.axis === 'step');
    const names = [...new Set([...TELLING, ...more])].filter((name) => {
      const found = field(name);
      return found !== undefined && widthOf(found) === 1 && !found.image;
    });
    const action = field('action');
    const wide = action && widthOf(action) > 1 && widthOf(action) <= PARTS_MAX;
    const asked = [...names, ...(action && widthOf(action) <= PARTS_MAX ? ['action'] : [])];
    if (asked.length === 0 || detail.steps === 0) {
      this.loaded = true;
      return;
    }
    const { signal } = this.#controller;
    client.fields(run, detail.episode.episode, asked, { signal }).then(
      ({ columns, first, errors }) => {
        const found = new Map<string, StepColumn>();
        for (const name of names) if (!errors[name]) found.set(name, stepColumn(columns, name, first));
        if (action && !errors.action) {
          if (wide) this.parts = rowsOf(columns, 'action', first);
          else if (widthOf(action) === 1) found.set('action', stepColumn(columns, 'action', first));
        }
        this.columns = found;
        this.loaded = true;
      },
      (why: unknown) => {
        if (!signal.aborted) this.error = why;
      },
    );
  }

  close(): void {
    this.#controller.abort();
  }

  /** The number at a step; undefined where there is none. */
  at(name: string, step: number): number | undefined {
    return numberAt(this.columns.get(name), step);
  }

  text(name: string, step: number, digits = 4): string {
    return textAt(this.columns.get(name), step, digits);
  }

  /** The action at a step as people name it; null where none was logged. */
  action(step: number, env: EnvSpec | null): string | null {
    const one = this.at('action', step);
    if (one !== undefined) return actionName(env, one);
    const word = this.columns.get('action')?.text?.[step];
    if (word) return word;
    const row = this.parts ? step - this.parts.first : -1;
    if (!this.parts || row < 0 || row >= this.parts.rows || this.parts.valid?.[row] === 0) return null;
    const { width, values } = this.parts;
    return [...values.subarray(row * width, (row + 1) * width)].map((part) => value(part, 3)).join(', ');
  }
}

/** What the environment calls an action; its number where it has no name, or is none of several choices. */
export function actionName(env: EnvSpec | null, action: number): string {
  const space = env?.action_space;
  if (space && space.type !== 'discrete') return value(action);
  const name = env?.action_meanings[action - (space?.type === 'discrete' ? space.start : 0)];
  return name || value(action);
}

function widthOf(field: FieldEntry): number {
  return field.shape.reduce((product, n) => product * n, 1);
}
