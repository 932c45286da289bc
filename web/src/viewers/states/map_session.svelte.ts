import type { Client } from '../../api/client';
import type { MapLayout, MapPoints, MapRequest, Places } from '../../api/maps';
import { ApiError } from '../../api/source';

/** What became of a map that was asked for. */
export type Phase = 'idle' | 'asking' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';

/** A map on the screen: which steps its points are, and where they lie now. */
export interface ShownMap {
  points: MapPoints;
  places: Places;
  /** Ids of the runs that the sources stand for. */
  runs: readonly string[];
  /** Name of the samples that the points are; null for steps of episodes. */
  samples: string | null;
}

/** How strongly a layout is shaken at once. */
const SHAKE = 0.3;

/**
 * One map after the other, each as it comes. The old one stays on the screen until the first layout of the next is there. It lives as
 * long as the window, so that whoever comes back from an episode finds the map as it was left, further along if it was still moving.
 */
export class MapSession {
  phase = $state<Phase>('idle');
  shown = $state.raw<ShownMap | null>(null);
  /** The newest word of the work: phase, round, share. */
  progress = $state.raw<MapLayout | null>(null);
  error = $state.raw<unknown>(null);
  /** The map on the screen is of the same steps as the one before it, so that its points may move to their places. */
  moves = $state(false);

  readonly #client: Client;
  /** The request of the map that is shown. */
  #shownOf = $state.raw<string | null>(null);
  #request: string | null = null;
  #controller: AbortController | null = null;
  /** What is asked now has said who it is. */
  #points: MapPoints | null = null;
  #runs: readonly string[] = [];
  #samples: string | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  get busy(): boolean {
    return this.phase === 'asking' || this.phase === 'running' || this.phase === 'paused';
  }

  /**
   * Shows the map of a request; one that is shown, or on its way, is not asked for again. One like the last but for its network or its
   * settings starts where the points lie now, so that they move rather than jump.
   */
  show(request: MapRequest): void {
    if (JSON.stringify(request) === this.#request) return;
    const before = this.#request === null ? null : (JSON.parse(this.#request) as MapRequest);
    const id = this.shown?.points.id;
    this.begin(request, before && id !== undefined && isLike(before, request) ? id : undefined);
  }

  /** Asks for a map, also when it is there; near the layout of the map `near` if one is named. */
  begin(request: MapRequest, near?: string): void {
    this.#controller?.abort();
    const controller = (this.#controller = new AbortController());
    this.#request = JSON.stringify(request);
    this.#points = null;
    this.phase = 'asking';
    this.progress = null;
    this.error = null;
    this.#runs = request.sources.map(({ run }) => run);
    this.#samples = request.sources[0]?.samples ?? null;
    this.#client.maps
      .lay(
        near === undefined ? request : { ...request, align_to: near },
        (points) => {
          this.#points = points;
        },
        (layout) => this.#heard(layout),
        controller.signal,
      )
      .then(
        () => {
          if (controller.signal.aborted) return;
          if (this.busy) this.phase = 'done';
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          this.phase = 'failed';
          this.error = error;
        },
      );
  }

  /** Whether the map on the screen is that of a request, as text. */
  isShown(request: string | null): boolean {
    return this.#shownOf === request;
  }

  /** Leaves the points where they are. */
  stop(): void {
    if (!this.busy) return;
    this.#controller?.abort();
    this.phase = 'stopped';
  }

  async pause(pause: boolean): Promise<void> {
    await this.#steer({ pause });
  }

  /** Shakes the points once. */
  async perturb(): Promise<void> {
    await this.#steer({ perturb: SHAKE });
  }

  /** The map is no more on the server; it has to be asked for again. */
  lost(error: unknown): void {
    if (error instanceof ApiError && error.code === 'map_gone') this.#request = null;
  }

  /** Nothing can be mapped. */
  clear(): void {
    this.#controller?.abort();
    this.#request = null;
    this.phase = 'idle';
    this.shown = null;
    this.progress = null;
    this.error = null;
  }

  #heard(layout: MapLayout): void {
    this.progress = layout;
    if (layout.places && this.#points) {
      const points = this.#points;
      this.moves =
        this.shown !== null && this.shown.points !== points && sameSteps(this.shown.points, points);
      this.shown = { points, places: layout.places, runs: this.#runs, samples: this.#samples };
      this.#shownOf = this.#request;
    }
    if (layout.done) this.phase = 'done';
    else if (this.phase === 'asking') this.phase = 'running';
  }

  async #steer(steer: { pause?: boolean; perturb?: number }): Promise<void> {
    const id = this.#points?.id;
    if (id === undefined || !this.busy) return;
    const controller = this.#controller;
    try {
      const { paused } = await this.#client.maps.steer(id, steer);
      if (this.#controller === controller && this.busy) this.phase = paused ? 'paused' : 'running';
    } catch (error) {
      if (this.#controller === controller && this.busy) this.error = error;
    }
  }
}

/** Whether two maps have the same steps in the same order. */
export function sameSteps(a: MapPoints, b: MapPoints): boolean {
  if (a.step.length !== b.step.length) return false;
  for (let i = 0; i < a.step.length; i++) {
    if (a.step[i] !== b.step[i] || a.episode[i] !== b.episode[i] || a.source[i] !== b.source[i]) return false;
  }
  return true;
}

/**
 * Whether two requests differ in nothing but the network that is asked and the settings of the method. Samples of another name are the
 * same states, asked of another network.
 */
export function isLike(a: MapRequest, b: MapRequest): boolean {
  const rest = ({ sources, of, method, dims, points }: MapRequest) =>
    JSON.stringify([
      sources.map(({ run, episodes, samples }) => [run, episodes, samples !== undefined]),
      of,
      method,
      dims,
      points,
    ]);
  return rest(a) === rest(b);
}
