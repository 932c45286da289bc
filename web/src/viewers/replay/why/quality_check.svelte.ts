import { Latest } from '../../../api/latest';
import type { Quality, QualityCheckName } from '../../../api/trust';
import { keyOf, type Question } from './why_spec';

/** Measures one thing about the answer to a question at a step. */
export type AskQuality = (
  question: Question,
  step: number,
  check: QualityCheckName,
  signal: AbortSignal,
) => Promise<Quality>;

/** In this order, the quick ones first: each is shown as soon as it is there. */
export const CHECKS = ['curves', 'infidelity', 'randomised'] as const satisfies readonly QualityCheckName[];

/** What was asked about, and what came of it so far. */
export interface QualityState {
  question: Question;
  step: number;
  /** How much was shared out among the elements, for the scale of what is missing. */
  shared: number;
  /** Nothing is in it yet that was not measured. */
  found: Quality | null;
  /** Checks that are done. */
  done: number;
  /** Why the check after those could not be made; the ones after it are not tried. */
  error: Error | null;
}

/** Measurements of one explanation, one check after the other, so that scrubbing never waits behind all of them. */
export class QualityCheck {
  state = $state.raw<QualityState | null>(null);
  readonly #latest = new Latest();

  constructor(private readonly send: AskQuality) {}

  /** Checks are on their way. */
  get busy(): boolean {
    return this.state !== null && this.state.done < CHECKS.length && this.state.error === null;
  }

  /** Whether what is shown is about this question at this step. */
  isAbout(question: Question, step: number): boolean {
    return this.state?.step === step && keyOf(this.state.question) === keyOf(question);
  }

  /** Measures the answer to a question at a step; another that is on its way is forgotten. */
  async ask(question: Question, step: number, shared: number): Promise<void> {
    let state: QualityState = { question, step, shared, found: null, done: 0, error: null };
    this.state = state;
    for (const check of CHECKS) {
      try {
        const part = await this.#latest.run((signal) => this.send(question, step, check, signal));
        if (!part) return;
        state = { ...state, found: joined(state.found, part), done: state.done + 1 };
      } catch (error) {
        state = { ...state, error: error instanceof Error ? error : new Error(String(error)) };
      }
      this.state = state;
      if (state.error) return;
    }
  }

  /** Forgets what is on its way; what is there stays. */
  stop(): void {
    this.#latest.cancel();
    if (this.busy) this.state = null;
  }
}

/** What two answers about the same step say together. */
function joined(before: Quality | null, part: Quality): Quality {
  if (!before) return part;
  return {
    ...part,
    curves: part.curves ?? before.curves,
    infidelity: part.infidelity ?? before.infidelity,
    randomised: part.randomised.length > 0 ? part.randomised : before.randomised,
  };
}
