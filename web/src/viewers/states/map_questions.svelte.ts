import { untrack } from 'svelte';

import type { MapMethod, MapRequest, MapSource } from '../../api/maps';
import { Throttle } from '../../api/throttle';
import type { App } from '../../state/app.svelte';
import { setsOfAxis } from './axes';
import type { MapView } from './map_view.svelte';
import { requestOf, sourcesOf } from './spec';
import { textsOf } from './texts';

/** Another question is put once nobody has changed it for so long. */
const SETTLE_MS = 250;
/** While runs grow, what there is to map is looked at this often. */
const LOOK_AGAIN_MS = 3000;

/** All that the page asks of the server, as the address and the map ask for it. Make it where effects can run. */
export class MapQuestions {
  methods = $state.raw<readonly MapMethod[]>([]);
  failed = $state.raw<{ title: string; error: unknown } | null>(null);

  readonly #sources = $derived.by(() =>
    JSON.stringify(sourcesOf(this.view.spec, this.#runs(), null, this.view.samples)),
  );
  readonly #request = $derived.by(() => {
    const { of, runs, samples, spec } = this.view;
    return of === null || runs.length === 0
      ? null
      : JSON.stringify(requestOf(spec, this.#runs(), of, samples));
  });
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Of the runs of the map, when they were looked at last. */
  #revisions = '';
  /** Sources that the choices are of. */
  #chosenOf = $state.raw<string | null>(null);
  readonly #look = new Throttle(() => this.#lookAgain(), LOOK_AGAIN_MS);

  /** Steps that came since the map on the screen was made. */
  readonly fresh = $derived.by(() => {
    const { points, choices, session } = this.view;
    const same = this.#chosenOf === this.#sources && session.isShown(this.#request);
    return points && choices && same ? Math.max(0, choices.steps - points.steps) : 0;
  });

  constructor(
    private readonly app: App,
    private readonly view: MapView,
  ) {
    $effect(() => this.#askForMethods());
    $effect(() => this.#askForRuns());
    $effect(() => this.#askForChoices());
    $effect(() => this.#askForMap());
    $effect(() => this.#askForFields());
    $effect(() => this.#askForTexts());
    $effect(() => this.#followRuns());
    $effect(() => () => this.#look.cancel());
  }

  /** Lays the same map out once more. */
  again(): void {
    if (this.#request !== null) this.view.session.begin(JSON.parse(this.#request) as MapRequest);
  }

  /** Lays the map out with the steps that came since; points that were there start where they lie. */
  add(): void {
    const near = this.view.points?.id;
    if (this.#request !== null) this.view.session.begin(JSON.parse(this.#request) as MapRequest, near);
  }

  /** A run of the map grew: what there is to map is looked at again. */
  #followRuns(): void {
    const { sourceRuns, shownSamples } = this.view;
    const revisions = sourceRuns.map((run) => this.app.runs.revisions.get(run) ?? 0).join();
    const before = this.#revisions;
    this.#revisions = `${sourceRuns.join()}/${revisions}`;
    const grew = before !== '' && before !== this.#revisions && before.startsWith(`${sourceRuns.join()}/`);
    if (grew && shownSamples === null) this.#look.request();
  }

  async #lookAgain(): Promise<void> {
    const sources = untrack(() => this.#sources);
    const asked = JSON.parse(sources) as MapSource[];
    if (asked.length === 0) return;
    try {
      const known = await this.app.client.maps.choices(asked);
      if (untrack(() => this.#sources) !== sources) return;
      this.view.choices = known;
      this.#chosenOf = sources;
    } catch {
      // The page asks again when the run grows again; what it shows stays true.
    }
  }

  #runs(): string[] {
    return this.view.runs.map(({ id }) => id);
  }

  #askForMethods(): () => void {
    const controller = new AbortController();
    this.app.client.maps.methods(controller.signal).then(
      (known) => (this.methods = known),
      (error: unknown) => {
        if (!controller.signal.aborted) this.failed = { title: 'The methods could not be listed', error };
      },
    );
    return () => controller.abort();
  }

  #askForRuns(): void {
    for (const { id } of this.view.shown) {
      untrack(() => this.app.details.want(id, this.app.runs.revisions.get(id) ?? 0));
      untrack(() => this.app.notes.want(id));
    }
  }

  #askForChoices(): (() => void) | undefined {
    const sources = this.#sources;
    const asked = JSON.parse(sources) as MapSource[];
    if (asked.length === 0) return;
    const controller = new AbortController();
    this.app.client.maps.choices(asked, controller.signal).then(
      (known) => {
        if (controller.signal.aborted) return;
        this.view.choices = known;
        this.#chosenOf = sources;
        this.failed = null;
      },
      (error: unknown) => {
        if (!controller.signal.aborted) this.failed = { title: 'What can be mapped is not known', error };
      },
    );
    return () => controller.abort();
  }

  /** The question, once it stands still. */
  #askForMap(): (() => void) | undefined {
    const asked = this.#request;
    if (asked === null) return;
    const { session } = this.view;
    clearTimeout(this.#timer);
    const wait = untrack(() => (session.shown === null ? 0 : SETTLE_MS));
    this.#timer = setTimeout(() => session.show(JSON.parse(asked) as MapRequest), wait);
    return () => clearTimeout(this.#timer);
  }

  /** What is known of the points, and the ways between sets that are axes. */
  #askForFields(): void {
    const { points, wanted, shownSamples, spec, sets, fields, directions } = this.view;
    if (!points) return;
    untrack(() => fields.want(points, wanted, shownSamples));
    for (const axis of spec.axes) {
      const ends = setsOfAxis(axis, sets);
      if (ends) untrack(() => directions.want(points.id, ...ends));
    }
  }

  #askForTexts(): (() => void) | undefined {
    const list = this.view.episodes?.list;
    const runs = this.view.sourceRuns;
    if (!list || this.view.spec.find === '') return;
    for (const run of runs) void this.app.notes.get(run);
    let left = false;
    textsOf(this.app, runs, list).then(
      (texts) => {
        if (!left) this.view.texts = texts;
      },
      (error: unknown) => {
        if (!left) this.failed = { title: 'Episodes could not be searched', error };
      },
    );
    return () => (left = true);
  }
}
