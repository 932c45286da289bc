import { createContext } from 'svelte';

import type { Columns } from '../api/columns';
import type { RunDetail, RunSummary } from '../api/wire';
import { Curves } from '../curves/curves.svelte';
import { RunLines, type RunLine } from '../curves/lines';
import type { App } from '../state/app.svelte';
import { KeptPerRun } from '../state/kept_per_run';
import { inkOfSlot } from '../theme/palette';

/** What the panels of one page share: which runs they are about, and what their charts have in common. */
export class Panels {
  readonly app: App;
  readonly curves: Curves;
  /** The run that panels of one run are about; undefined while there is none. */
  readonly run: RunSummary | undefined = $derived.by(() => {
    const { runs, selection, playhead } = this.app;
    return runs.byId(playhead.run) ?? (playhead.run === null ? selection.shown[0] : undefined);
  });
  /** The runs that are compared: those that somebody chose to be shown, when the run is among them; else the run alone. */
  readonly runs: readonly RunSummary[] = $derived.by(() => {
    if (!this.run) return [];
    const { id } = this.run;
    const { shown } = this.app.selection;
    const chosen = this.app.router.param('runs') !== null && shown.some((run) => run.id === id);
    return chosen ? shown : [this.run];
  });
  readonly lines: RunLines = $derived.by(() => {
    const { look } = this.app.theme;
    return new RunLines(this.runs, 'none', (run) => this.app.selection.ink(run, look) ?? inkOfSlot(0, look));
  });
  /** All columns of the episodes of runs, also what scripts attached; read once for all panels. */
  readonly episodes: KeptPerRun<Columns>;
  /** Why a click on a point opened nothing. */
  message = $state('');

  constructor(app: App) {
    this.app = app;
    this.curves = new Curves(app);
    this.episodes = new KeptPerRun((run) => app.client.episodes(run));
  }

  /** Newest revision heard of. */
  revision(run: RunSummary): number {
    return this.app.runs.revisions.get(run.id) ?? run.revision;
  }

  detail(run: RunSummary): RunDetail | undefined {
    return this.app.details.get(run.id);
  }

  /** Lines of the runs for which `has` is true of what is known of them. */
  linesWith(has: (detail: RunDetail) => boolean): RunLine[] {
    return this.lines.of(
      this.runs.filter((run) => {
        const detail = this.detail(run);
        return detail !== undefined && has(detail);
      }),
    );
  }

  /** Asks for what the panels need to know of the runs; call it from an effect. */
  want(): void {
    const wanted = this.runs.map((run) => ({ id: run.id, revision: this.revision(run) }));
    for (const { id, revision } of wanted) this.app.details.want(id, revision);
    this.curves.lens.want(wanted);
  }

  dispose(): void {
    this.curves.dispose();
    this.episodes.dispose();
  }
}

const [get, set] = createContext<Panels>();
/** The panels that the component is one of. */
export const usePanels = get;
/** For the page. */
export const providePanels = set;
