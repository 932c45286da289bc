import { paramOf, type MethodParam } from './attribution';
import { columnNamed, ColumnsError, type Columns, type Numbers } from './columns';
import type { ErrorBody } from './wire';

/** Steps of one run that are mapped; all recorded episodes when none is named. */
export interface MapSource {
  run: string;
  episodes?: readonly number[];
  /** States that a policy was asked about by `eg.probe`, in place of episodes. */
  samples?: string;
  /** Global step of the network that is asked for layers; the one in force at each episode when left out. */
  checkpoint?: number;
}

/** What `POST /api/maps` is asked. */
export interface MapRequest {
  sources: readonly MapSource[];
  /** A step field of numbers, or `layer/NAME`. */
  of: string;
  /** Most points; of more steps as many are picked evenly. */
  points: number;
  method: string;
  dims: 2 | 3;
  /** Those of the method that are not as usual. */
  settings?: Readonly<Record<string, string>>;
  /** A field whose values take part in the layout as labels; of UMAP only. */
  supervised_by?: string;
  /** An earlier map, near whose places the points start. */
  align_to?: string;
}

/** The points of a map: which step each is. */
export interface MapPoints {
  id: string;
  of: string;
  /** Coordinates of the original space. */
  width: number;
  /** Steps there were; more than points when some were left out evenly. */
  steps: number;
  leftOut: readonly { why: string; count: number }[];
  notes: readonly string[];
  /** The field whose values took part in the layout as labels. */
  supervisedBy: string | null;
  /** Index into the sources, one a point. */
  source: Uint32Array;
  episode: Float64Array;
  step: Float64Array;
}

/** Where the points lie, or how far the work is. */
export interface MapLayout {
  method: string;
  round: number;
  rounds: number;
  done: boolean;
  /** What is being done before points move, for example the search of neighbours. */
  phase: string | null;
  /** How far that is, 0 to 1. */
  share: number | null;
  /** Of PCA: the part of the variance that each axis has. */
  varianceRatio: readonly number[];
  /** Null in parts that tell only of progress. */
  places: Places | null;
}

/** One coordinate a point; `z` is null in the plane. */
export interface Places {
  x: Float32Array;
  y: Float32Array;
  z: Float32Array | null;
}

/** A way to lay points out. */
export interface MapMethod {
  name: string;
  doc: string;
  source: string;
  params: MethodParam[];
}

/** What some sources can be mapped by and coloured by. */
export interface MapChoices {
  of: readonly { name: string; width: number; doc: string; origin: string }[];
  colours: readonly MapColour[];
  steps: number;
  episodes: number;
}

/** A field that points can be coloured by. */
export interface MapColour {
  name: string;
  kind: 'number' | 'choice';
  /** What people call an element of a vector, for example `cart position`; null where nobody said. */
  label: string | null;
}

/** Values of fields, a row a point. */
export interface MapFields {
  columns: Columns;
  errors: Record<string, ErrorBody>;
  /** Names of whole numbers, by field. */
  names: Record<string, string[]>;
}

/** How far a layout is after it was steered. */
export interface Steered {
  paused: boolean;
  round: number;
  rounds: number;
}

/** The nearest points in the original space, nearest first. */
export interface MapNeighbours {
  point: Uint32Array;
  distance: Float32Array;
}

/** A small picture of what was seen at a point. */
export interface MapPicture {
  width: number;
  height: number;
  /** Red, green and blue of each pixel, row after row. */
  rgb: Uint8Array;
}

export interface MapPictures {
  /** By point; null where none was logged, or where it could not be read. */
  pictures: ReadonlyMap<number, MapPicture | null>;
  /** Why some could not be read. */
  error: ErrorBody | null;
}

/** Reads pictures of points. Throws when they are not what `docs/http.md` says. */
export function mapPicturesOf(columns: Columns): MapPictures {
  const of = (name: string) => columnNamed(columns, name).data;
  const [point, width, height] = [of('point'), of('width'), of('height')];
  const rgb = of('rgb') as Uint8Array;
  const pictures = new Map<number, MapPicture | null>();
  let at = 0;
  for (let i = 0; i < point.length; i++) {
    const bytes = 3 * width[i]! * height[i]!;
    const own = rgb.subarray(at, at + bytes);
    if (own.length !== bytes)
      throw new ColumnsError(`column rgb: expected ${at + bytes} bytes, found ${rgb.length}`);
    pictures.set(point[i]!, bytes > 0 ? { width: width[i]!, height: height[i]!, rgb: own } : null);
    at += bytes;
  }
  return { pictures, error: (columns.header.error ?? null) as ErrorBody | null };
}

/** Reads the first part. */
export function mapPointsOf(part: Columns): MapPoints {
  const { header } = part;
  return {
    id: String(header.map ?? ''),
    of: String(header.of ?? ''),
    width: Number(header.width ?? 0),
    steps: Number(header.steps ?? 0),
    leftOut: (header.left_out ?? []) as MapPoints['leftOut'],
    notes: (header.notes ?? []) as string[],
    supervisedBy: typeof header.supervised_by === 'string' ? header.supervised_by : null,
    source: columnNamed(part, 'source').data as Uint32Array,
    episode: columnNamed(part, 'episode').data as Float64Array,
    step: columnNamed(part, 'step').data as Float64Array,
  };
}

/** Reads a later part. */
export function mapLayoutOf(part: Columns): MapLayout {
  const { header } = part;
  return {
    method: String(header.method ?? ''),
    round: Number(header.round ?? 0),
    rounds: Number(header.rounds ?? 0),
    done: header.done === true,
    phase: typeof header.phase === 'string' ? header.phase : null,
    share: typeof header.share === 'number' ? header.share : null,
    varianceRatio: (header.variance_ratio ?? []) as number[],
    places: placesOf(part),
  };
}

/** The coordinates in a part; null when it has none. */
export function placesOf(part: Columns): Places | null {
  if (!part.byName.has('x')) return null;
  const floats = (name: string) => asFloats(columnNamed(part, name).data);
  return { x: floats('x'), y: floats('y'), z: part.byName.has('z') ? floats('z') : null };
}

export function mapMethodsOf(answer: unknown): MapMethod[] {
  const { methods } = answer as { methods?: Record<string, unknown>[] };
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return (methods ?? []).map(({ name, doc, source, params }) => ({
    name: text(name),
    doc: text(doc),
    source: text(source),
    params: ((params ?? []) as Record<string, unknown>[]).map(paramOf),
  }));
}

export function mapChoicesOf(answer: unknown): MapChoices {
  const { of, colours, steps, episodes } = answer as Partial<MapChoices>;
  return {
    of: of ?? [],
    colours: (colours ?? []).map((colour) => ({ ...colour, label: colour.label ?? null })),
    steps: steps ?? 0,
    episodes: episodes ?? 0,
  };
}

function asFloats(data: Numbers): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
