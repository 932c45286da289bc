import { Latest } from '../../api/latest';
import type { Client } from '../../api/client';
import type { FoundEvent, FoundKind } from '../../api/wire';
import type { Patch } from '../../state/router.svelte';
import type { Session } from './session.svelte';

/** What the address has for kinds that are not shown. */
const PARAM = 'hidden_events';

/** Events of the open episode that were found by themselves. */
export class FoundOfEpisode {
  events = $state.raw<readonly FoundEvent[]>([]);
  kinds = $state.raw<readonly FoundKind[]>([]);
  /** Why there are none. */
  error = $state('');
  loaded = $state(false);

  readonly #latest = new Latest();

  async load(client: Client, session: Session): Promise<void> {
    try {
      const found = await this.#latest.run(async (signal) => {
        // The picture comes first.
        await session.firstPicture;
        signal.throwIfAborted();
        return client.episodeEvents(session.run, session.episode, signal);
      });
      if (!found) return;
      this.events = found.events.toSorted((a, b) => a.step - b.step);
      this.kinds = found.kinds;
      this.error = '';
      this.loaded = true;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }

  close(): void {
    this.#latest.cancel();
  }

  title(kind: string): string {
    return this.kinds.find(({ name }) => name === kind)?.title ?? kind;
  }
}

/** Names of the kinds that are not shown. */
export function hiddenKinds(param: (name: string) => string | null): string[] {
  return (param(PARAM) ?? '').split(',').filter(Boolean);
}

/** What the address says after one kind was shown or hidden. */
export function toggledKind(hidden: readonly string[], kind: string): Patch {
  const now = hidden.includes(kind) ? hidden.filter((other) => other !== kind) : [...hidden, kind];
  return { [PARAM]: now.toSorted().join(',') || null };
}
