import { createContext } from 'svelte';

import { Client } from '../api/client';
import { Events } from '../api/events';
import type { ReportHead } from '../api/report';
import { HttpSource } from '../api/source';
import type { RunDetail } from '../api/wire';
import { WindowAddress } from './address';
import { EpisodeTables } from './episode_tables';
import { HoveredEpisode } from './hovered_episode.svelte';
import { KeptPerRun } from './kept_per_run';
import { Keys } from './keys.svelte';
import { NotesBook } from './notes.svelte';
import { Now } from './now.svelte';
import { Playhead } from './playhead.svelte';
import { Router } from './router.svelte';
import { RunTags } from './run_tags';
import { Runs } from './runs.svelte';
import { Selection } from './selection.svelte';
import { Theme } from './theme.svelte';

/** A report, and the client that answers out of it. */
export interface Recorded {
  client: Client;
  head: ReportHead;
}

/** Everything that pages share. One a window; components get it by [`useApp`]. */
export class App {
  readonly client: Client;
  /** What the page was made of where it is a static report, which nothing follows and nobody writes into; else null. */
  readonly report: ReportHead | null;
  readonly events = new Events();
  readonly theme = new Theme();
  readonly keys = new Keys();
  readonly now = new Now();
  readonly router: Router;
  readonly playhead: Playhead;
  readonly runs: Runs;
  readonly selection: Selection;
  readonly episodes: EpisodeTables;
  readonly hovered = new HoveredEpisode();
  /** Descriptions of runs: which tags they have, their environment, what was lost. */
  readonly details: KeptPerRun<RunDetail>;
  readonly notes: NotesBook;
  readonly tags: RunTags;

  /** `home` is the page of an empty address. A report brings its answers along. */
  constructor(home: string, from: Recorded | null = null) {
    this.client = from?.client ?? new Client(new HttpSource());
    this.report = from?.head ?? null;
    this.router = new Router(new WindowAddress(), home);
    this.playhead = new Playhead(this.router);
    this.runs = new Runs(this.client, this.events);
    this.selection = new Selection(this.router, this.runs);
    this.episodes = new EpisodeTables(this.client);
    this.details = new KeptPerRun(
      (run) => this.client.run(run),
      (detail) => detail.revision,
    );
    this.notes = new NotesBook(this.client, this.events);
    this.tags = new RunTags(this.client);
  }

  /** Whether a run is known to go on. In a report nothing does. */
  isRunning(run: string | null): boolean {
    return this.report === null && this.runs.byId(run)?.state === 'running';
  }

  /** Starts following the server; the function returned stops. */
  start(): () => void {
    const stops = [this.runs.start(), this.notes.start(), this.now.start()];
    if (!this.report) stops.push(this.events.start());
    return () => {
      stops.forEach((stop) => stop());
      this.router.dispose();
    };
  }
}

const [get, set] = createContext<App>();

/** The app that the component lives in. */
export const useApp = get;

/** For the shell. */
export const provideApp = set;
