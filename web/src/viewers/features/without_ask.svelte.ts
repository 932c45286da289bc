import type { Client } from '../../api/client';
import type { WithoutFeatures } from '../../api/features';
import { Latest } from '../../api/latest';
import { ApiError } from '../../api/source';
import { joined } from './without';

/** The server answers about so many steps at once. */
const CHUNK = 64;
/** Steps of an episode that are asked about. */
export const STEPS_MAX = 4096;

interface Question {
  run: string;
  features: string;
  episode: number;
  factors: readonly number[];
  checkpoint: number;
}

/** Asks what the policy would say of an episode without some features, stretch after stretch. */
export class WithoutAsk {
  found = $state.raw<WithoutFeatures | null>(null);
  error = $state.raw<unknown>(null);
  busy = $state(false);
  readonly #latest = new Latest();

  constructor(
    private readonly client: Client,
    /** The server has forgotten the features: they are to be asked for again. */
    private readonly ongone: () => void,
  ) {}

  async ask({ run, ...question }: Question): Promise<void> {
    this.busy = true;
    this.error = null;
    this.found = null;
    const { features, ...query } = question;
    try {
      await this.#latest.run(async (signal) => {
        const parts: WithoutFeatures[] = [];
        for (let from = 0; from < STEPS_MAX; from += CHUNK) {
          const asked = { ...query, from, to: from + CHUNK };
          const part = await this.client.features.without(run, features, asked, signal);
          if (signal.aborted) return;
          if (part.step.length > 0) parts.push(part);
          this.found = joined(parts);
          if (part.step.length < CHUNK) break;
        }
        this.busy = false;
      });
    } catch (error) {
      this.busy = false;
      if (error instanceof ApiError && error.code === 'features_gone') this.ongone();
      this.error = error;
    }
  }

  /** What was found stays. */
  stop(): void {
    this.#latest.cancel();
    this.busy = false;
  }
}
