import type { MapChoices, Places } from '../../api/maps';
import { middleOf, type CloudLabel, type CloudLine } from '../../charts/cloud_points';
import type { CloudTag } from '../../charts/CloudTags.svelte';
import type { App } from '../../state/app.svelte';
import { value } from '../../theme/format';
import { inkOfSlot } from '../../theme/palette';
import { fieldOfAxis, nameOfAxis, setsOfAxis } from './axes';
import type { FieldColumn } from './colouring';
import { Directions } from './direction.svelte';
import { MapDress } from './map_dress.svelte';
import { MapSession } from './map_session.svelte';
import { ELEMENTS_MAX, namedElement, type MomentElement } from './moment_card';
import { PointFields } from './point_fields.svelte';
import { PointMarks } from './point_marks.svelte';
import { samplesOf } from './samples';
import { episodesOfPoints, pathOf, pointAt } from './search';
import type { NamedSet } from './sets';
import { NO_OPACITY, SPEC_PARAMS, specOf, type Place } from './spec';

/** Fields that every point has, whatever was logged. */
export const OWN_FIELDS = ['run', 'episode', 'step', 'time', 'global_step'];
/** Fields that the card of a point shows when they are there. */
const CARD_FIELDS = ['action', 'value', 'reward', 'advantage', 'entropy', 'confidence'];
/** Of more points, fields are fetched only when they are asked for. */
const CARD_POINTS_MAX = 100_000;
/** Runs that a map can be of. */
const RUNS_MAX = 64;
/** `confidence` by the smallest and largest entropy of the points. */
const RELATIVE_CONFIDENCE = 'confidence[min_max]';
/** Numbers of a state that go by names. */
const ELEMENT = /^observation(?:\[\d+\])?$/;

/** A point as people speak of it. */
export interface Moment extends Place {
  step: number;
  /** Name of the samples that it is one of; null for a step of an episode. */
  samples: string | null;
}

/** What the page shows of a map: everything here follows from the address, the map and the fields of its points. */
export class MapView {
  readonly session: MapSession;
  readonly fields: PointFields;
  readonly directions: Directions;
  choices = $state.raw<MapChoices | null>(null);
  sets = $state.raw<readonly NamedSet[]>([]);
  /** Texts of the map's episodes, for the search; null before they are known. */
  texts = $state.raw<readonly string[] | null>(null);

  /** As a text: while only the camera moves nothing of a million points is to be made anew. */
  readonly #asked = $derived.by(() =>
    JSON.stringify(Object.fromEntries(SPEC_PARAMS.map((name) => [name, this.app.router.param(name)]))),
  );
  readonly spec = $derived.by(() => {
    const asked = JSON.parse(this.#asked) as Partial<Record<string, string>>;
    return specOf((name) => asked[name] ?? null);
  });
  /** Runs that are shown, whether or not they have anything to map. */
  readonly shown = $derived.by(() => this.app.selection.shown.slice(0, RUNS_MAX));
  /** Samples of each run, as far as its description arrived. */
  readonly samplesByRun = $derived.by(
    () =>
      new Map(this.shown.map(({ id }) => [id, samplesOf(this.app.details.get(id)?.tensors ?? [])] as const)),
  );
  /** Names of all samples. */
  readonly sampleNames = $derived.by(() => [...new Set([...this.samplesByRun.values()].flat())]);
  /** The samples that are to be mapped: those of the address, or the newest where no step was recorded; null for recorded steps. */
  readonly samples = $derived.by(
    () =>
      this.spec.samples ??
      (this.shown.some(({ recorded }) => recorded > 0) ? null : (this.sampleNames.at(-1) ?? null)),
  );
  readonly runs = $derived.by(() => {
    const { samples } = this;
    return this.shown.filter(({ id, recorded }) =>
      samples === null ? recorded > 0 : this.samplesByRun.get(id)?.includes(samples),
    );
  });
  /** What is mapped: what the address says, else the observation, else the first there is. */
  readonly of = $derived.by(() => {
    const known = this.choices?.of ?? [];
    const usual =
      known.find(({ name }) => name === 'observation') ?? known.find(({ width }) => width > 1) ?? known[0];
    return this.spec.of ?? usual?.name ?? null;
  });
  readonly points = $derived.by(() => this.session.shown?.points ?? null);
  /** Ids of the runs that the sources of the shown map stand for. */
  readonly sourceRuns = $derived.by(() => this.session.shown?.runs ?? []);
  /** The samples that the points of the shown map are. */
  readonly shownSamples = $derived.by(() => this.session.shown?.samples ?? null);
  readonly episodes = $derived.by(() =>
    this.points ? episodesOfPoints(this.points.source, this.points.episode) : null,
  );

  /** Names of fields that can colour points, in order, each once. */
  readonly colourNames = $derived.by(() => {
    const known = (this.choices?.colours ?? []).map(({ name }) => name);
    const names = known.flatMap((name) => (name === 'confidence' ? [name, RELATIVE_CONFIDENCE] : [name]));
    return [...new Set([...names, ...OWN_FIELDS])];
  });
  readonly colourBy = $derived.by(
    () => this.spec.colour ?? (this.colourNames.includes('action') ? 'action' : 'time'),
  );
  /** Of samples the opacity is how sure the policy is, unless the address says something else. */
  readonly opacityBy = $derived.by(() => {
    const { opacity } = this.spec;
    if (opacity !== null) return opacity === NO_OPACITY ? null : opacity;
    return this.samples !== null && this.colourNames.includes('confidence') ? 'confidence' : null;
  });
  /** Numbers of the state that the card of a sample shows. */
  readonly elementNames = $derived.by(() =>
    this.shownSamples === null
      ? []
      : this.colourNames.filter((name) => ELEMENT.test(name)).slice(0, ELEMENTS_MAX),
  );
  /** Fields whose values are needed now. */
  readonly wanted = $derived.by(() => {
    const { size, axes, find, label } = this.spec;
    const names = [this.colourBy, this.opacityBy, size, label, ...axes.map((axis) => fieldOfAxis(axis))];
    names.push(...this.marks.elementNames);
    if (find !== '') names.push('action');
    if ((this.points?.step.length ?? 0) <= CARD_POINTS_MAX) names.push(...CARD_FIELDS, ...this.elementNames);
    const known = new Set(this.colourNames);
    return [...new Set(names)].filter(
      (name): name is string => name !== null && (known.has(name) || !CARD_FIELDS.includes(name)),
    );
  });

  /** Where points are drawn: the layout, or what stands on the axes in its place; null while that is not known. */
  readonly drawn = $derived.by((): { places: Places; equal: boolean; names: string[] } | null => {
    const shown = this.session.shown;
    if (!shown) return null;
    const { axes } = this.spec;
    const pca = this.session.progress?.method === 'pca';
    const usual = { places: shown.places, equal: true, names: pca ? ['PC 1', 'PC 2', 'PC 3'] : [] };
    if (axes.length < 2) return usual;
    const columns = axes.slice(0, 3).map((axis) => this.columnOfAxis(axis));
    if (columns.some((column) => !(column instanceof Float32Array))) return usual;
    const [x, y, z] = columns as Float32Array[];
    const places = { x, y, z: this.spec.dims === 3 && z ? z : null };
    const nameOf = (axis: string) => this.titleOf(fieldOfAxis(axis) ?? '') || nameOfAxis(axis);
    return { places, equal: false, names: axes.map(nameOf) };
  });
  /** Why an axis could not be had. */
  readonly axisError = $derived.by(() => {
    for (const axis of this.spec.axes) {
      const column = this.columnOfAxis(axis);
      if (column instanceof Error) return column;
    }
    return null;
  });

  readonly lines = $derived.by((): CloudLine[] => {
    const { episodes, points } = this;
    if (!episodes || !points) return [];
    return this.spec.lines.flatMap((place, i) => {
      const which = this.indexOf(place);
      if (which < 0) return [];
      const { colour, dash } = inkOfSlot(i, this.app.theme.look);
      return { points: pathOf(episodes.episodeOf, points.step, which), colour, dash };
    });
  });
  readonly labels = $derived.by((): CloudLabel[] => {
    const places = this.drawn?.places;
    if (!places || this.spec.labels !== 'colours') return [];
    return this.dress.choiceSets().flatMap(({ name, points }) => {
      const middle = middleOf(places, points);
      return middle ? [{ ...middle, text: name }] : [];
    });
  });
  /** Names that are changed where they stand: of sets, in their middle. */
  readonly setTags = $derived.by((): CloudTag[] => {
    const places = this.drawn?.places;
    if (!places || this.spec.labels === 'none') return [];
    return this.sets.flatMap(({ name, points }) => {
      const place = middleOf(places, points);
      return place ? [{ key: `set/${name}`, text: name, point: null, place, kind: 'set' }] : [];
    });
  });
  /** The point of the playhead: the nearest step of its episode. */
  readonly present = $derived.by(() => {
    const { run, episode, step } = this.app.playhead;
    if (run === null || episode === null || !this.episodes || !this.points || this.shownSamples) return null;
    const which = this.indexOf({ run, episode });
    return which < 0 ? null : pointAt(this.episodes.episodeOf, this.points.step, which, step);
  });

  readonly dress: MapDress;
  readonly marks: PointMarks;

  constructor(readonly app: App) {
    this.session = new MapSession(app.client);
    this.fields = new PointFields(app.client, (error) => this.session.lost(error));
    this.directions = new Directions(app.client);
    this.dress = new MapDress(this);
    this.marks = new PointMarks(this);
  }

  /** Which step a point is. */
  momentOf(point: number): Moment | null {
    const { points } = this;
    if (!points || point >= points.step.length) return null;
    const run = this.sourceRuns[points.source[point]];
    if (run === undefined) return null;
    return {
      run,
      episode: points.episode[point],
      step: points.step[point],
      samples: this.shownSamples,
    };
  }

  /** Index of an episode among those of the map, -1 when it is not there. */
  indexOf({ run, episode }: Place): number {
    const source = this.sourceRuns.indexOf(run);
    return this.episodes?.list.findIndex((one) => one.source === source && one.episode === episode) ?? -1;
  }

  /** In a few words. */
  describe(point: number): string {
    const moment = this.momentOf(point);
    if (!moment) return '';
    const name = this.app.runs.byId(moment.run)?.name || moment.run;
    const numbers = this.numbersOf(point).map((number) => `${number.name} ${number.text}`);
    return [`${name}, ${this.titleOfMoment(moment)}`, ...numbers].join(', ');
  }

  /** Where in its run it is. */
  titleOfMoment({ episode, step, samples }: Moment): string {
    return samples === null ? `episode ${episode}, step ${step}` : `${samples}, sample ${step}`;
  }

  /** What is known of a point in numbers, the field of the colour first. */
  numbersOf(point: number): { name: string; text: string }[] {
    const apart = ['run', 'episode', 'step', ...this.elementNames, ...this.marks.elementNames];
    const names = this.wanted.filter((name) => !apart.includes(name));
    return names.flatMap((name) => {
      const column = this.column(name);
      if (!column || point >= column.values.length) return [];
      const number = column.values[point];
      if (Number.isNaN(number)) return [];
      return { name: column.name, text: column.names[number] || value(number) };
    });
  }

  /** The state of a sample, number by number, with names, units and bounds as the environment has them. */
  elementsOf(point: number): MomentElement[] {
    const moment = this.momentOf(point);
    const env = (moment && this.app.details.get(moment.run)?.info.env) ?? null;
    return this.elementNames.flatMap((name, i) => {
      const values = this.fields.get(name)?.values;
      return values && point < values.length
        ? { ...namedElement(name, i, null, env), value: values[point] }
        : [];
    });
  }

  /** What people call a field: `cart position` for `observation[0]` where somebody said so. */
  titleOf(name: string): string {
    if (name === RELATIVE_CONFIDENCE) return 'confidence, among these points';
    return this.choices?.colours.find((one) => one.name === name)?.label ?? name;
  }

  /** Values of a field with what is known of them; undefined before they arrived. */
  column(name: string): FieldColumn | undefined {
    const known = this.fields.get(name);
    if (!known) return undefined;
    const choice = this.choices?.colours.find((one) => one.name === name);
    const isOwn = name === 'run' || name === 'episode';
    const names =
      name === 'run' ? this.sourceRuns.map((id) => this.app.runs.byId(id)?.name || id) : known.names;
    return {
      name: this.titleOf(name),
      values: known.values,
      kind: isOwn ? 'choice' : (choice?.kind ?? 'number'),
      names,
    };
  }

  /** Numbers along an axis, an error, or undefined while they are on their way. */
  columnOfAxis(axis: string): Float32Array | Error | undefined {
    const field = fieldOfAxis(axis);
    if (field !== null) {
      const error = this.fields.error(field);
      if (error) return error instanceof Error ? error : new Error(`${field} could not be had`);
      const values = this.fields.get(field)?.values;
      return values && Float32Array.from(values);
    }
    const ends = setsOfAxis(axis, this.sets);
    if (!ends) return new Error(`one of the sets of the axis ${nameOfAxis(axis)} is no more`);
    return this.points ? this.directions.get(this.points.id, ...ends) : undefined;
  }
}
