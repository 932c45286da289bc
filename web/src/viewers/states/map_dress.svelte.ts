import type { CloudLook } from '../../charts/cloud_points';
import { COLOUR_MAPS } from '../../theme/colour_maps';
import { inkOfSlot } from '../../theme/palette';
import { SEQUENTIAL } from '../../theme/sequential';
import { bytesBy, colourByChoice, colourByNumber, isSigned, standOf, type Colouring } from './colouring';
import type { MapView } from './map_view.svelte';
import { matches, patternOf } from './search';
import type { NamedSet } from './sets';

/** Colours of numbers that can be chosen. */
export const SHADES = ['plain', 'signed', 'viridis', 'cividis', 'magma'] as const;
/** Shares: what 0 and 1 mean is the same on every map. */
const SHARES: Readonly<Record<string, readonly [number, number]>> = {
  confidence: [0, 1],
  'confidence[min_max]': [0, 1],
};

/** How the points of a map look: colour, opacity and size by fields, and which of them stand out. */
export class MapDress {
  /** The choice of the legend that the pointer is on. */
  pointed = $state.raw<number | null>(null);

  readonly tokens = $derived.by(() => {
    void this.view.app.theme.look;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(name).trim();
    return {
      missing: token('--line-strong'),
      middle: token('--line-control'),
      warm: token('--warm'),
      cold: token('--cold'),
      ground: token('--sunken'),
    };
  });
  readonly colouring = $derived.by(() => this.#colouring());
  readonly found = $derived.by(() => this.#found());
  /** What is wrong with what is searched for. */
  readonly findError = $derived.by(() => patternOf(this.view.spec.find).error);
  readonly stand = $derived.by(() => this.#stand());
  readonly look = $derived.by((): CloudLook => {
    const by = (name: string | null, from: number, to: number, none: number) => {
      const values = name === null ? undefined : this.view.fields.get(name)?.values;
      return values ? bytesBy(values, from, to, none, SHARES[name ?? '']) : null;
    };
    const plain = new Uint8Array(256 * 3).fill(128);
    return {
      palette: this.colouring?.palette ?? plain,
      colour: this.colouring?.colour ?? null,
      alpha: by(this.view.opacityBy, 28, 255, 14),
      size: by(this.view.spec.size, 32, 160, 24),
      stand: this.stand,
    };
  });

  constructor(private readonly view: MapView) {}

  /** The points of each choice of the colour. */
  choiceSets(): NamedSet[] {
    const values = this.view.fields.get(this.view.colourBy)?.values;
    return (this.colouring?.choices ?? []).map(({ value: choice, name, count }) => {
      const points = new Uint32Array(count);
      let at = 0;
      values?.forEach((one, i) => {
        if (one === choice && at < count) points[at++] = i;
      });
      return { name, points };
    });
  }

  #colouring(): Colouring | null {
    const { app, colourBy, sourceRuns, spec } = this.view;
    const column = this.view.column(colourBy);
    if (!column) return null;
    const look = app.theme.look;
    const { missing, cold, middle, warm } = this.tokens;
    if (column.kind === 'choice') {
      const runInk = (at: number) => app.selection.ink(sourceRuns[at] ?? '', look)?.colour;
      // Actions have the same colour on every map; of episodes, only those that are there need to be told apart.
      const colourOf = (at: number, place: number) =>
        (colourBy === 'run' ? runInk(at) : undefined) ??
        inkOfSlot(colourBy === 'episode' ? place : at, look).colour;
      const made = colourByChoice(column, colourOf, missing);
      if (made) return made;
    }
    const { shades } = spec;
    const signed = shades === 'signed' || (shades === null && isSigned(column.values));
    if (signed) return colourByNumber(column, [cold, middle, warm], true, missing);
    const chosen =
      shades && shades in COLOUR_MAPS ? COLOUR_MAPS[shades as keyof typeof COLOUR_MAPS].anchors : [];
    return colourByNumber(column, chosen.length > 1 ? chosen : SEQUENTIAL[look], false, missing);
  }

  #found() {
    const { spec, episodes, texts, colourBy } = this.view;
    const { pattern } = patternOf(spec.find);
    if (!pattern || !episodes || !texts || texts.length !== episodes.list.length) return null;
    const choices = ['action', colourBy].flatMap((field) => {
      const column = this.view.column(field);
      return column && column.names.length > 0 && field !== 'run'
        ? { field, values: column.values, names: column.names }
        : [];
    });
    return matches({ episodeOf: episodes.episodeOf, episodes: texts, choices }, pattern);
  }

  #stand(): Uint8Array | null {
    const { points, episodes, spec, sets } = this.view;
    const { colouring } = this;
    if (!points || !episodes) return null;
    const { range, isolated, episode, set, hides } = spec;
    const values = this.view.fields.get(this.view.colourBy)?.values;
    const chosen = this.pointed !== null ? [this.pointed] : isolated;
    return standOf(points.step.length, {
      range: range && values && colouring?.scale ? { values, low: range[0], high: range[1] } : null,
      choices:
        chosen.length > 0 && values && colouring && !colouring.scale ? { values, of: new Set(chosen) } : null,
      episode: episode ? { of: episodes.episodeOf, which: this.view.indexOf(episode) } : null,
      set: set === null ? null : (sets.find(({ name }) => name === set)?.points ?? null),
      found: this.found?.found ?? null,
      hides,
    });
  }
}
