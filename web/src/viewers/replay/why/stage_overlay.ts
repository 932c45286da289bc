import { HeatOverlay, WHOLE, type Part } from '../../../charts/heat_overlay';
import { heatLayout } from '../../../charts/heat_grid';
import {
  overlayCells,
  sideBySide,
  stepReach,
  type HeatNumbers,
  type HeatView,
  type OverlayCells,
} from '../../../charts/heat_cells';
import type { CheckpointChoice, Explanations } from '../../../api/attribution';
import type { FieldEntry } from '../../../api/wire';
import { PLANE_GAP, planesOf, type View } from '../../../replay/picture';
import { layoutOf } from '../../../replay/row_pictures';
import type { Player } from '../player.svelte';
import { viewOfLook, type LookSpec } from './look_spec';
import type { Why } from './why.svelte';
import { keyOf, type Question } from './why_spec';

/** Where answers lie: over this field as it is shown, or over a part of it. */
export interface Place {
  field: FieldEntry;
  view: View;
  part: Part;
  /** Sides of the observation, where it is a picture. */
  sides: { height: number; width: number } | null;
}

/** What the overlay is part of, and where it tells which step it shows. */
interface Stage {
  host: HTMLElement;
  over: HTMLCanvasElement;
  player: Player;
  why: Why;
}

/** How strong an overlay is that belongs to another step than the picture. */
const STALE = '0.3';

/** The questions that one look asks: two for both heads at once, else the one. */
export function questionsOf(question: Question, look: LookSpec): Question[] {
  if (look.blend !== 'heads') return [question];
  return [
    { ...question, target: 'action' },
    { ...question, target: 'value' },
  ];
}

/** Keeps an overlay over the picture as the player moves; the function returned takes it away. */
export function layOver(
  { host, over, player, why }: Stage,
  question: Question,
  look: LookSpec,
  place: Place,
): () => void {
  const overlay = new HeatOverlay(host, over);
  const questions = questionsOf(question, look);
  let drawn = '';
  const stop = player.onframe((step) => {
    const sources = questions.map((one) => why.source(one));
    for (const source of sources) source.want(step, player.direction);
    const found = sources.map((source) => source.get(step));
    if (found.some((one) => one === undefined)) {
      // It belongs to another step than the picture now.
      if (drawn !== '' && !drawn.startsWith(`${step} `)) overlay.canvas.style.opacity = STALE;
      return;
    }
    const reaches = look.common
      ? questions.map((one, i) => why.commonScale(one, viewAt(look, place, found[i]), place.sides).reach)
      : [];
    const key = `${step} ${reaches.join()}`;
    overlay.canvas.style.opacity = '1';
    if (key === drawn) return;
    drawn = key;
    const cells = found.map((one, i) => (one ? cellsOf(one, look, place, reaches[i] ?? null) : null));
    overlay.draw(cells, look, place.part);
    if (cells.some(Boolean)) host.dataset.overlayStep = String(step);
    else host.dataset.overlayStep = '';
    host.dataset.overlayOf = questions.map(keyOf).join(' ');
  });
  return () => {
    stop();
    overlay.destroy();
    delete host.dataset.overlayStep;
    delete host.dataset.overlayOf;
  };
}

/** How numbers are looked at where they lie: each part of a stack by itself when all its parts are shown. */
export function viewAt(
  look: LookSpec,
  { view }: Pick<Place, 'view'>,
  found: HeatNumbers | null | undefined,
): Omit<HeatView, 'reach'> {
  const several = found ? (heatLayout(found.shape, found.wrtShape)?.planes ?? 1) > 1 : true;
  return viewOfLook(look, typeof view === 'number' && several ? view : null);
}

/** One step's answer as it lies over the picture; null where it is no picture. */
export function cellsOf(
  found: HeatNumbers,
  look: LookSpec,
  place: Place,
  reach: number | null,
): OverlayCells | null {
  const { sides } = place;
  const layout = heatLayout(found.shape, found.wrtShape, sides);
  if (!layout) return null;
  const view = viewAt(look, place, found);
  if (place.view !== 'all') return overlayCells(found, { ...view, reach }, sides);
  const planes = Array.from({ length: planesOf(place.field) }, (_, plane) =>
    layout.planes > 1 ? plane : ('sum' as const),
  );
  // One scale for all parts of the stack, or they could not be compared.
  const shared = reach ?? Math.max(...planes.map((plane) => stepReach(found, { ...view, plane }, sides)));
  const cells = planes.map((plane) => overlayCells(found, { ...view, plane, reach: shared }, sides));
  return sideBySide(
    cells.filter((one) => one !== null),
    PLANE_GAP,
  );
}

/** Where a picture has the observation that is explained: all of it, a part of it, or nowhere that anybody told. */
export function placeOf(
  choices: Pick<Explanations, 'observation'>,
  network: CheckpointChoice | undefined,
  fieldNamed: (name: string) => FieldEntry | undefined,
  field: FieldEntry,
  view: View,
): Place | null {
  const observed = fieldNamed(choices.observation);
  const sides = observed ? layoutOf(observed.shape, observed.stack_axis) : null;
  if (field.name === observed?.name) return { field, view, part: WHOLE, sides };
  const region = network?.region;
  const whole = layoutOf(field.shape, field.stack_axis);
  if (!region || !whole || region.field !== field.name || view === 'all') return null;
  const part = {
    x: region.x / whole.width,
    y: region.y / whole.height,
    width: region.width / whole.width,
    height: region.height / whole.height,
  };
  return { field, view: 'colour', part, sides };
}
