import type { FieldEntry } from '../../../api/wire';

/** One way to show what the policy said of a step. */
export interface Policy {
  /**
   * What its numbers are. `action` are the parts of the action itself, for actions that are several numbers; `numbers` any other field of
   * several numbers.
   */
  kind:
    | 'probabilities'
    | 'groups'
    | 'q_values'
    | 'logits'
    | 'distribution'
    | 'heads'
    | 'gaussian'
    | 'action'
    | 'numbers';
  /** The field that is drawn, and named in the address. */
  field: string;
  title: string;
  /** Lanes: actions, dimensions or elements. */
  count: number;
  /** The action that it is about: `action`, or a part of a nested one. */
  action: string;
}

/** Kinds whose lanes are the choices of a discrete action. */
export const OF_CHOICES: readonly Policy['kind'][] = [
  'probabilities',
  'q_values',
  'logits',
  'distribution',
  'heads',
];

interface Offer {
  kind: Policy['kind'];
  root: string;
  title: string;
  /** Lanes of a field of this shape; 0 when it cannot be shown so. */
  count: (shape: readonly number[]) => number;
}

const all = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
const one = (shape: readonly number[]) => (shape.length <= 1 ? all(shape) : 0);
const columns = (shape: readonly number[]) => (shape.length === 2 ? shape[1]! : 0);
const rows = (shape: readonly number[]) => (shape.length === 2 ? shape[0]! : 0);

/** In the order in which they are offered; the first that is there is shown. */
const OFFERS: readonly Offer[] = [
  { kind: 'probabilities', root: 'action_probabilities', title: 'Probabilities', count: all },
  { kind: 'q_values', root: 'q_values', title: 'Q-values', count: one },
  { kind: 'q_values', root: 'q_mean', title: 'Q-values', count: one },
  { kind: 'distribution', root: 'quantiles', title: 'Returns', count: columns },
  { kind: 'distribution', root: 'atom_probabilities', title: 'Returns', count: rows },
  { kind: 'heads', root: 'q_heads', title: 'Heads', count: columns },
  { kind: 'logits', root: 'logits', title: 'Logits', count: all },
  { kind: 'groups', root: 'group_probabilities', title: 'Groups', count: all },
  { kind: 'gaussian', root: 'action_mean', title: 'Gaussian', count: all },
];

/**
 * What of these fields can be shown, in order. Parts of nested actions are named by path: `logits/grip` is about `action/grip`.
 * Logits are left out where their probabilities are there, and means of distributions where Q-values were logged.
 */
export function policiesOf(steps: readonly FieldEntry[], hasDiscreteAction: boolean): Policy[] {
  const numeric = steps.filter((field) => field.axis === 'step' && !field.image && field.dtype !== null);
  const policies: Policy[] = [];
  const has = (kind: Policy['kind'], action: string) =>
    policies.some((policy) => policy.kind === kind && policy.action === action);
  for (const { kind, root, title, count } of OFFERS) {
    for (const field of numeric) {
      const path = pathUnder(field.name, root);
      const lanes = path === null ? 0 : count(field.shape);
      if (path === null || lanes === 0) continue;
      const action = `action${path}`;
      if (has(kind, action) || (kind === 'logits' && has('probabilities', action))) continue;
      policies.push({ kind, field: field.name, title: title + path.replace('/', ' '), count: lanes, action });
    }
  }
  if (!hasDiscreteAction) {
    for (const field of numeric) {
      const path = pathUnder(field.name, 'action');
      if (path === null) continue;
      policies.push({
        kind: 'action',
        field: field.name,
        title: `Action${path.replace('/', ' ')}`,
        count: all(field.shape),
        action: field.name,
      });
    }
  }
  return policies;
}

/** Any field of several numbers, drawn as bars. */
export function numbersOf(field: FieldEntry): Policy {
  return { kind: 'numbers', field: field.name, title: field.name, count: all(field.shape), action: '' };
}

/** `/grip` for `logits/grip` under `logits`, the empty text for `logits` itself, null for others. */
function pathUnder(name: string, root: string): string | null {
  if (name === root) return '';
  return name.startsWith(`${root}/`) ? name.slice(root.length) : null;
}
