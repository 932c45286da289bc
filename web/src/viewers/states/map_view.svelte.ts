import { middleOf, type CloudLabel, type CloudLine, type CloudLook } from '../../charts/cloud_points';
import { inkOfSlot } from '../../theme/palette';
import { COLOUR_MAPS } from '../../theme/colour_maps';
import { SEQUENTIAL } from '../../theme/sequential';
import { value } from '../../theme/format';
import type { MapChoices, Places } from '../../api/maps';
import type { App } from '../../state/app.svelte';
import {
  bytesBy,
  colourByChoice,
  colourByNumber,
  isSigned,
  standOf,
  type Colouring,
  type FieldColumn,
} from './colouring';
import { Directions } from './direction.svelte';
import { MapSession } from './map_session.svelte';
import { PointFields } from './point_fields.svelte';
import { episodesOfPoints, matches, pathOf, patternOf, pointAt } from './search';
import type { NamedSet } from './sets';
import { specOf, type Place } from './spec';

/** Fields that every point has, whatever was logged. */
export const OWN_FIELDS = ['run', 'episode', 'step', 'time', 'global_step'];
/** Fields that the card of a point shows when they are there. */
const CARD_FIELDS = ['action', 'value', 'reward', 'advantage', 'entropy', 'confidence'];
/** Of more points, fields are fetched only when they are asked for. */
const CARD_POINTS_MAX = 100_000;
/** Colours of numbers that can be chosen. */
export const SHADES = ['plain', 'signed', 'viridis', 'cividis', 'magma'] as const;

/** A point as people speak of it. */
export interface Moment extends Place {
  step: number;
}

/** What the page shows of a map: everything here follows from the address, the map and the fields of its points. */
export class MapView {
  readonly session: MapSession;
  readonly fields: PointFields;
  readonly directions: Directions;
  choices = $state.raw<MapChoices | null>(null);
  sets = $state.raw<readonly NamedSet[]>([]);
  /** The choice of the legend that the pointer is on. */
  pointed = $state.raw<number | null>(null);
  /** Texts of the map's episodes, for the search; null before they are known. */
  texts = $state.raw<readonly string[] | null>(null);

  readonly spec = $derived.by(() => specOf((name) => this.app.router.param(name)));
  readonly runs = $derived.by(() =>
    this.app.selection.shown.filter(({ recorded }) => recorded > 0).slice(0, 64),
  );
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
  readonly episodes = $derived.by(() =>
    this.points ? episodesOfPoints(this.points.source, this.points.episode) : null,
  );

  /** Names of fields that can colour points, in order, each once. */
  readonly colourNames = $derived.by(() => [
    ...new Set([...(this.choices?.colours ?? []).map(({ name }) => name), ...OWN_FIELDS]),
  ]);
  readonly colourBy = $derived.by(
    () => this.spec.colour ?? (this.colourNames.includes('action') ? 'action' : 'time'),
  );
  /** Fields whose values are needed now. */
  readonly wanted = $derived.by(() => {
    const { opacity, size, axes, find } = this.spec;
    const names = [this.colourBy, opacity, size, ...axes.map((axis) => fieldOfAxis(axis))];
    if (find !== '') names.push('action');
    if ((this.points?.step.length ?? 0) <= CARD_POINTS_MAX) names.push(...CARD_FIELDS);
    const known = new Set(this.colourNames);
    return [...new Set(names)].filter(
      (name): name is string => name !== null && (known.has(name) || !CARD_FIELDS.includes(name)),
    );
  });

  readonly tokens = $derived.by(() => {
    void this.app.theme.look;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(name).trim();
    return {
      missing: token('--line-strong'),
      middle: token('--line-control'),
      warm: token('--warm'),
      cold: token('--cold'),
    };
  });
  readonly colouring = $derived.by(() => this.#colouring());
  readonly found = $derived.by(() => this.#found());
  /** What is wrong with what is searched for. */
  readonly findError = $derived.by(() => patternOf(this.spec.find).error);
  readonly stand = $derived.by(() => this.#stand());
  readonly dress = $derived.by((): CloudLook => {
    const [opacity, size] = [this.spec.opacity, this.spec.size].map((name) =>
      name === null ? undefined : this.fields.get(name)?.values,
    );
    const plain = new Uint8Array(256 * 3).fill(128);
    return {
      palette: this.colouring?.palette ?? plain,
      colour: this.colouring?.colour ?? null,
      alpha: opacity ? bytesBy(opacity, 28, 255, 14) : null,
      size: size ? bytesBy(size, 32, 160, 24) : null,
      stand: this.stand,
    };
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
    const { labels } = this.spec;
    if (!places || labels === 'none') return [];
    const named = [...this.sets, ...(labels === 'colours' ? this.#choiceSets() : [])];
    return named.flatMap(({ name, points }) => {
      const middle = middleOf(places, points);
      return middle ? [{ ...middle, text: name }] : [];
    });
  });
  /** The point of the playhead: the nearest step of its episode. */
  readonly present = $derived.by(() => {
    const { run, episode, step } = this.app.playhead;
    if (run === null || episode === null || !this.episodes || !this.points) return null;
    const which = this.indexOf({ run, episode });
    return which < 0 ? null : pointAt(this.episodes.episodeOf, this.points.step, which, step);
  });

  constructor(readonly app: App) {
    this.session = new MapSession(app.client);
    this.fields = new PointFields(app.client, (error) => this.session.lost(error));
    this.directions = new Directions(app.client);
  }

  /** Which step a point is. */
  momentOf(point: number): Moment | null {
    const { points } = this;
    if (!points || point >= points.step.length) return null;
    const run = this.sourceRuns[points.source[point]];
    return run === undefined ? null : { run, episode: points.episode[point], step: points.step[point] };
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
    return [`${name}, episode ${moment.episode}, step ${moment.step}`, ...numbers].join(', ');
  }

  /** What is known of a point in numbers, the field of the colour first. */
  numbersOf(point: number): { name: string; text: string }[] {
    const names = this.wanted.filter((name) => !['run', 'episode', 'step'].includes(name));
    return names.flatMap((name) => {
      const column = this.column(name);
      if (!column || point >= column.values.length) return [];
      const number = column.values[point];
      if (Number.isNaN(number)) return [];
      return { name: column.name, text: column.names[number] || value(number) };
    });
  }

  /** What people call a field: `cart position` for `observation[0]` where somebody said so. */
  titleOf(name: string): string {
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
    const ends = this.setsOfAxis(axis);
    if (!ends) return new Error(`one of the sets of the axis ${nameOfAxis(axis)} is no more`);
    return this.points ? this.directions.get(this.points.id, ...ends) : undefined;
  }

  /** The sets that a direction leads between. */
  setsOfAxis(axis: string): [NamedSet, NamedSet] | null {
    if (!axis.startsWith('between:')) return null;
    const [from, to] = axis
      .slice('between:'.length)
      .split('>')
      .map((name) => this.sets.find((set) => set.name === name));
    return from && to ? [from, to] : null;
  }

  #colouring(): Colouring | null {
    const column = this.column(this.colourBy);
    if (!column) return null;
    const look = this.app.theme.look;
    const { missing, cold, middle, warm } = this.tokens;
    if (column.kind === 'choice') {
      const runInk = (at: number) => this.app.selection.ink(this.sourceRuns[at] ?? '', look)?.colour;
      // Actions have the same colour on every map; of episodes, only those that are there need to be told apart.
      const colourOf = (at: number, place: number) =>
        (this.colourBy === 'run' ? runInk(at) : undefined) ??
        inkOfSlot(this.colourBy === 'episode' ? place : at, look).colour;
      const made = colourByChoice(column, colourOf, missing);
      if (made) return made;
    }
    const { shades } = this.spec;
    const signed = shades === 'signed' || (shades === null && isSigned(column.values));
    if (signed) return colourByNumber(column, [cold, middle, warm], true, missing);
    const chosen =
      shades && shades in COLOUR_MAPS ? COLOUR_MAPS[shades as keyof typeof COLOUR_MAPS].anchors : [];
    return colourByNumber(column, chosen.length > 1 ? chosen : SEQUENTIAL[look], false, missing);
  }

  /** The points of each choice of the colour. */
  #choiceSets(): NamedSet[] {
    const values = this.fields.get(this.colourBy)?.values;
    return (this.colouring?.choices ?? []).map(({ value: choice, name, count }) => {
      const points = new Uint32Array(count);
      let at = 0;
      values?.forEach((one, i) => {
        if (one === choice && at < count) points[at++] = i;
      });
      return { name, points };
    });
  }

  #found() {
    const { pattern } = patternOf(this.spec.find);
    if (!pattern || !this.episodes || !this.texts || this.texts.length !== this.episodes.list.length)
      return null;
    const choices = ['action', this.colourBy].flatMap((field) => {
      const column = this.column(field);
      return column && column.names.length > 0 && field !== 'run'
        ? { field, values: column.values, names: column.names }
        : [];
    });
    return matches({ episodeOf: this.episodes.episodeOf, episodes: this.texts, choices }, pattern);
  }

  #stand(): Uint8Array | null {
    const { points, episodes, colouring } = this;
    if (!points || !episodes) return null;
    const { range, isolated, episode, set, hides } = this.spec;
    const values = this.fields.get(this.colourBy)?.values;
    const chosen = this.pointed !== null ? [this.pointed] : isolated;
    return standOf(points.step.length, {
      range: range && values && colouring?.scale ? { values, low: range[0], high: range[1] } : null,
      choices:
        chosen.length > 0 && values && colouring && !colouring.scale ? { values, of: new Set(chosen) } : null,
      episode: episode ? { of: episodes.episodeOf, which: this.indexOf(episode) } : null,
      set: set === null ? null : (this.sets.find(({ name }) => name === set)?.points ?? null),
      found: this.found?.found ?? null,
      hides,
    });
  }
}

/** The field of an axis, null when it is a direction. */
export function fieldOfAxis(axis: string): string | null {
  return axis.startsWith('field:') ? axis.slice('field:'.length) : null;
}

/** For people: `value`, `left → right`. */
export function nameOfAxis(axis: string): string {
  return fieldOfAxis(axis) ?? axis.slice('between:'.length).replace('>', ' → ');
}
