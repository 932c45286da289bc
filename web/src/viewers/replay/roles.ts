import type { EnvSpec, FieldEntry, Space } from '../../api/wire';
import { policiesOf, type Policy } from './policy/policies';

/** What the fields of an episode are good for on this page. */
export interface Roles {
  /** Pictures, the rendered frame first. */
  images: FieldEntry[];
  /** One number or one text a step. */
  scalars: FieldEntry[];
  /** Several numbers a step, those of the observation first. */
  vectors: FieldEntry[];
  policies: Policy[];
  /** The action, when it is one of several choices. */
  hasDiscreteAction: boolean;
}

/** Names that come first, in this order. */
const IMAGE_ORDER = ['frame', 'observation'];
const TRACK_ORDER = ['reward', 'value', 'advantage', 'td_error', 'entropy', 'episode_return'];
/** Tracks that are shown when the reader has not chosen. */
const TRACKS_SHOWN = 4;
/** Part of every step, shown by the page itself and so not offered as numbers of their own. */
const MARKS = ['terminated', 'truncated'];

/** Sorts the fields of an episode by what the page does with them. */
export function rolesOf(fields: readonly FieldEntry[], env: EnvSpec | null): Roles {
  const steps = fields.filter((field) => field.axis === 'step');
  const images = steps.filter((field) => field.image).toSorted(byOrder(IMAGE_ORDER));
  const scalars = steps.filter((field) => !field.image && elementsOf(field) === 1);
  const vectors = steps
    .filter((field) => !field.image && elementsOf(field) > 1)
    .toSorted((a, b) => Number(isObservation(b)) - Number(isObservation(a)));
  const action = steps.find((field) => field.name === 'action');
  const hasDiscreteAction =
    action !== undefined && elementsOf(action) === 1 && isDiscrete(env?.action_space, action);
  const policies = policiesOf(steps, hasDiscreteAction);
  return { images, scalars, vectors, policies, hasDiscreteAction };
}

/** What the policy received step by step, but for pictures. */
export function observedFields(fields: readonly FieldEntry[]): FieldEntry[] {
  return fields.filter((field) => field.axis === 'step' && !field.image && isObservation(field));
}

/** Elements of one row. */
export function elementsOf(field: FieldEntry): number {
  return field.shape.reduce((product, n) => product * n, 1);
}

/** True for the observation and the parts of a nested one. */
export function isObservation(field: { name: string }): boolean {
  return field.name === 'observation' || field.name.startsWith('observation/');
}

/** The fields whose curves are shown when the reader has not chosen. */
export function defaultTracks({ scalars }: Roles): string[] {
  const known = TRACK_ORDER.filter((name) => scalars.some((field) => field.name === name));
  return known.slice(0, TRACKS_SHOWN);
}

/** Fields that can be shown as a curve, the common ones first. */
export function trackChoices({ scalars }: Roles): FieldEntry[] {
  return scalars
    .filter((field) => field.dtype !== null && !MARKS.includes(field.name) && field.name !== 'action')
    .toSorted(byOrder(TRACK_ORDER));
}

/** The name of choice `index`, counted from 0. */
export function actionName(env: EnvSpec | null, index: number): string {
  return env?.action_meanings[index] || `action ${index + startOf(env)}`;
}

/** The first action id: choice 0. */
export function startOf(env: EnvSpec | null): number {
  return env?.action_space?.type === 'discrete' ? env.action_space.start : 0;
}

/** Name and unit of element `index` of a field. */
export function elementName(
  field: FieldEntry,
  index: number,
  env: EnvSpec | null,
): { name: string; unit: string } {
  if (field.name === 'observation' && env) {
    const name = env.observation_names[index];
    if (name) return { name, unit: env.observation_units[index] ?? '' };
  }
  if (field.name === 'action' && env?.action_meanings[index])
    return { name: env.action_meanings[index], unit: '' };
  return { name: `[${indexText(field.shape, index)}]`, unit: field.unit ?? '' };
}

/** `7` in a row of shape `[2, 4]` is `1, 3`. */
export function indexText(shape: readonly number[], index: number): string {
  const parts: number[] = [];
  let rest = index;
  for (const length of shape.toReversed()) {
    parts.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return parts.join(', ');
}

/** Bounds of element `index` of a leaf of a space, where the space says and they are finite. */
export function boundsOf(
  space: Space | null | undefined,
  leaf: string,
  index: number,
): [number, number] | null {
  const found = space ? leafSpace(space, leaf.split('/').slice(1)) : null;
  if (found?.type === 'multi_binary') return [0, 1];
  if (found?.type === 'multi_discrete') return [0, Math.max(1, (found.nvec[index] ?? 2) - 1)];
  if (found?.type !== 'box') return null;
  const low = found.low.length === 1 ? found.low[0] : found.low[index];
  const high = found.high.length === 1 ? found.high[0] : found.high[index];
  // Gymnasium writes "no bound" as the largest number of the type now and then.
  const real = (bound: number | null | undefined) => typeof bound === 'number' && Math.abs(bound) < 1e30;
  return real(low) && real(high) && low! < high! ? [low!, high!] : null;
}

/** The space of a part of a nested space, by its path; null when there is no such part. */
export function leafSpace(space: Space, path: string[]): Space | null {
  const [part, ...rest] = path;
  if (part === undefined) return space;
  if (space.type === 'dict') {
    const name = part.replace(/%2F/g, '/').replace(/%25/g, '%');
    const child = space.spaces.find(([key]) => key === name);
    return child ? leafSpace(child[1], rest) : null;
  }
  if (space.type === 'tuple') {
    const child = space.spaces[Number(part)];
    return child ? leafSpace(child, rest) : null;
  }
  return null;
}

function isDiscrete(space: Space | null | undefined, field: FieldEntry): boolean {
  return space ? space.type === 'discrete' : field.dtype !== null && !field.dtype.startsWith('float');
}

function byOrder(order: readonly string[]): (a: { name: string }, b: { name: string }) => number {
  const rank = ({ name }: { name: string }) => (order.includes(name) ? order.indexOf(name) : order.length);
  return (a, b) => rank(a) - rank(b);
}
