import type { FieldEntry } from '../api/wire';

/** Most lines that a small screen without pictures shows: more cannot be told apart. */
const LINES_MAX = 6;

/** The image field that a small screen shows: the one asked for, else the rendered frame, else what the policy received. */
export function imageField(fields: readonly FieldEntry[], wanted?: string | null): FieldEntry | null {
  const images = fields.filter((field) => field.image && field.axis === 'step');
  const named = (name: string | null | undefined) => images.find((field) => field.name === name);
  return named(wanted) ?? named('frame') ?? named('observation') ?? images[0] ?? null;
}

/** Width to height of one picture of an image field, by its shape; null when the shape tells nothing. */
export function pictureRatio(field: FieldEntry): number | null {
  const { shape, stack_axis: axis } = field;
  let sides: readonly number[] = shape;
  if (axis !== null && axis !== undefined) sides = shape.filter((_, i) => i !== axis);
  else if (shape.length === 4) sides = shape.slice(1);
  // Without a word on which axis is the stack, the first is when it is short and the last is no row of colours.
  else if (shape.length === 3 && shape[2] > 4 && shape[2] >= shape[0]) sides = shape.slice(1);
  const [height, width] = sides;
  return height > 0 && width > 0 ? width / height : null;
}

/** What a small screen without pictures shows instead. */
export interface NumberFields {
  /** The sum of the rewards so far, else the reward, else null. */
  main: string | null;
  /** A field of several numbers and how many of them are shown, the observation if it is one; null when there is none. */
  vector: { name: string; shown: number; width: number } | null;
}

export function numberFields(fields: readonly FieldEntry[]): NumberFields {
  const numbers = fields.filter((field) => field.axis === 'step' && !field.image && field.dtype !== null);
  const has = (name: string) => numbers.some((field) => field.name === name && widthOf(field) === 1);
  const main = ['episode_return', 'reward'].find(has) ?? null;
  const vectors = numbers.filter((field) => widthOf(field) > 1 && field.origin === 'logged');
  const vector =
    vectors.find(({ name }) => name === 'observation') ??
    vectors.find(({ name }) => name.startsWith('observation/')) ??
    vectors[0];
  return {
    main,
    vector: vector
      ? { name: vector.name, shown: Math.min(LINES_MAX, widthOf(vector)), width: widthOf(vector) }
      : null,
  };
}

function widthOf(field: FieldEntry): number {
  return field.shape.reduce((product, n) => product * n, 1);
}
