import type { Player } from '../player.svelte';
import type { Session } from '../session.svelte';

/** Numbers of a row; null where nothing was logged at that step. */
export type Numbers = Float64Array | Float32Array | null;

/** Reads the rows of one field around the playhead, and keeps the last one while the next is late, so that nothing flickers. */
export class RowReader {
  #kept: Numbers = null;

  constructor(
    private readonly session: Session,
    private readonly player: Player,
    readonly field: string,
    private readonly params: Record<string, number> = {},
  ) {}

  /** The row of `step`, or while it is not there the one drawn before. Asks for what comes next. */
  drawn(step: number): Numbers {
    const store = this.session.rows(this.field, this.params);
    store?.want(step, this.player.direction);
    const row = store?.get(step);
    if (row) this.#kept = row.valid ? row.values : null;
    return this.#kept;
  }

  /** The row of exactly `step`; undefined while it is not there. */
  at(step: number): Numbers | undefined {
    const row = this.session.rows(this.field, this.params)?.get(step);
    return row && (row.valid ? row.values : null);
  }

  /** Why it cannot be had. */
  get error(): Error | null {
    return this.session.rows(this.field, this.params)?.error ?? null;
  }
}

/** Reads a field of one number a step or of several, as numbers. */
export function actionAt(session: Session, field: string, step: number): Numbers {
  const row = session.rows(field)?.get(step);
  return row?.valid && row.values.length > 0 ? row.values : null;
}
