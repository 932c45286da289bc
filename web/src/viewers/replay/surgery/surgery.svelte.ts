import type { Client } from '../../../api/client';
import { ApiError } from '../../../api/source';
import type { Edit, WhatIf, WhatIfQuery } from '../../../api/what_if';
import { WhatIfSource, type Outcome } from '../../../replay/what_if_source';
import { editsOfText, textOfEdits } from './edit_text';

/** Part of the address that edits live in. */
interface Address {
  param(name: string): string | null;
  set(patch: Record<string, string | null>): void;
}

/** Parts of the panel. */
export const PARTS = ['edit', 'checkpoints', 'why', 'probes'] as const;
export type Part = (typeof PARTS)[number];

const HISTORY_MAX = 200;

/** Edits of what the policy receives: they are what the address says, and can be taken back. */
export class Surgery {
  /** The newest answer about the edited step. */
  outcome = $state.raw<Outcome | null>(null);
  error = $state.raw<Error | null>(null);
  busy = $state(false);
  /** The same with attributions, which take longer. */
  attributed = $state.raw<Outcome | null>(null);
  /** Why those could not be had. */
  attributedError = $state.raw<Error | null>(null);
  /** The server takes settings of methods here; those of before did not, and then they are as usual. */
  takesSettings = $state(true);
  #past = $state.raw<readonly string[]>([]);
  #future = $state.raw<readonly string[]>([]);
  #gesture: string | null = null;
  readonly #source: WhatIfSource;
  readonly #slow: WhatIfSource;
  /** Null when the address cannot be understood. */
  readonly #read = $derived.by(() => editsOfText(this.address.param('edit')));
  readonly edits: readonly Edit[] = $derived(this.#read ?? []);
  readonly isOdd: boolean = $derived(this.#read === null);
  readonly part: Part | null = $derived.by(() => {
    const asked = this.address.param('surgery');
    return asked === null ? null : (PARTS.find((part) => part === asked) ?? 'edit');
  });

  constructor(
    readonly client: Client,
    readonly run: string,
    readonly episode: number,
    private readonly address: Address,
  ) {
    const send = (query: WhatIfQuery, signal: AbortSignal) => this.whatIf(query, signal);
    this.#source = new WhatIfSource(send, () => {
      this.outcome = this.#source.outcome;
      this.error = this.#source.error;
      this.busy = this.#source.busy;
    });
    this.#slow = new WhatIfSource(send, () => {
      this.attributed = this.#slow.outcome;
      this.attributedError = this.#slow.error;
    });
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  show(part: Part | null): void {
    this.address.set({ surgery: part === 'edit' ? '' : part });
    if (part === null) this.#source.close();
  }

  /** Asks what the policy says of a step, edited. */
  ask(query: WhatIfQuery): void {
    this.#source.ask(query);
  }

  /** The same with attributions. */
  askWhy(query: WhatIfQuery): void {
    this.#slow.ask(query);
  }

  /** What the policy says of a step, edited, by itself: nothing is kept. */
  async whatIf(query: WhatIfQuery, signal?: AbortSignal): Promise<WhatIf> {
    const { client, run, episode } = this;
    const asUsual = {
      ...query,
      attribution: query.attribution && { ...query.attribution, settings: undefined },
    };
    try {
      return await client.explanations.whatIf(run, episode, this.takesSettings ? query : asUsual, signal);
    } catch (error) {
      const isOld = error instanceof ApiError && error.message.includes('unknown field `settings`');
      if (!isOld || !query.attribution?.settings) throw error;
      this.takesSettings = false;
      return client.explanations.whatIf(run, episode, asUsual, signal);
    }
  }

  retry(): void {
    this.#source.retry();
  }

  retryWhy(): void {
    this.#slow.retry();
  }

  /** Takes new edits. Those of one gesture, a drag for example, are taken back together. */
  change(edits: readonly Edit[], gesture: string | null = null): void {
    const [before, after] = [this.address.param('edit') ?? '', textOfEdits(edits)];
    if (before === after) return;
    if (gesture === null || gesture !== this.#gesture) {
      this.#past = [...this.#past.slice(1 - HISTORY_MAX), before];
    }
    this.#gesture = gesture;
    this.#future = [];
    this.address.set({ edit: after || null });
  }

  /** The gesture ends here: the next of the same name is another. */
  settle(): void {
    this.#gesture = null;
  }

  undo(): void {
    const last = this.#past.at(-1);
    if (last === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, this.address.param('edit') ?? ''];
    this.#gesture = null;
    this.address.set({ edit: last || null });
  }

  redo(): void {
    const next = this.#future.at(-1);
    if (next === undefined) return;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, this.address.param('edit') ?? ''];
    this.#gesture = null;
    this.address.set({ edit: next || null });
  }

  close(): void {
    this.#source.close();
    this.#slow.close();
  }
}
