import { search } from './paths';
import type { Source } from './source';
import type { Layout } from './wire';

/** Layouts of Overview that people saved for a project (`docs/http.md`). */
export class LayoutsClient {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** All of them, by name. */
  async list(project: string, signal?: AbortSignal): Promise<Layout[]> {
    return this.#answer(project, undefined, { signal });
  }

  /** Saves one under a name, in place of the one that had it. */
  put(project: string, name: string, layout: Layout['layout'], signal?: AbortSignal): Promise<Layout> {
    const path = `/api/layouts${search({ project, name })}`;
    return this.#source.json(path, { method: 'PUT', body: layout, signal });
  }

  /** Removes one; gives those that are left. */
  async remove(project: string, name: string, signal?: AbortSignal): Promise<Layout[]> {
    return this.#answer(project, name, { method: 'DELETE', signal });
  }

  async #answer(
    project: string,
    name: string | undefined,
    options: { method?: 'DELETE'; signal?: AbortSignal },
  ): Promise<Layout[]> {
    const path = `/api/layouts${search({ project, name })}`;
    return (await this.#source.json<{ layouts: Layout[] }>(path, options)).layouts;
  }
}
