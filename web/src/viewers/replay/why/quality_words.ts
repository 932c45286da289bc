import type { Quality, RemovalCurves } from '../../../api/trust';
import { value } from '../../../theme/format';

/** What a measurement says, in plain words. */
export interface Reading {
  name: 'completeness' | 'deletion' | 'insertion' | 'infidelity' | 'randomised';
  title: string;
  /** The number itself; empty where there is none. */
  number: string;
  /** `none` where it says nothing for or against. */
  state: 'good' | 'fair' | 'poor' | 'none';
  words: string;
  source: string;
}

/** Of the whole way that the curves go, what the target must change by for their areas to mean anything. */
const FALL_LEAST = 0.1;
/** By how much an area must differ from that of random orders. */
const GAP_GOOD = 0.1;
const PETSIUK = 'Petsiuk et al. 2018, RISE';

/** Readings of what was measured; `shared` is how much was shared out among the elements. */
export function readingsOf(quality: Quality, shared: number): Reading[] {
  return [
    completenessOf(quality, shared),
    ...(quality.curves ? curvesOf(quality.curves) : []),
    infidelityOf(quality),
    randomisedOf(quality),
  ];
}

function completenessOf({ completeness }: Quality, shared: number): Reading {
  const about = {
    name: 'completeness',
    title: 'Adds up',
    source: 'Sundararajan et al. 2017, Axiomatic attribution',
  } as const;
  const { error, difference } = completeness ?? { error: null, difference: null };
  if (error === null || difference === null) {
    const words =
      'This method does not promise that its numbers add up to the target, so there is no sum to check.';
    return { ...about, number: '', state: 'none', words };
  }
  // Where much speaks for the target and as much against it, they add up to little.
  const part = Math.abs(error) / Math.max(Math.abs(difference), shared, 1e-9);
  const state = part < 0.01 ? 'good' : part < 0.05 ? 'fair' : 'poor';
  const verdict = {
    good: 'Together the attributions make up the change of the target',
    fair: 'Together the attributions nearly make up the change of the target',
    poor: 'Together the attributions do not make up the change of the target',
  }[state];
  const remedy =
    state === 'good' ? '' : ' More steps of the path make it smaller, where the method has them.';
  return {
    ...about,
    number: value(error, 2),
    state,
    words: `${verdict} from the baseline (${value(difference, 3)}): ${value(100 * part, 2)} % of what they share out is missing or too much.${remedy}`,
  };
}

function curvesOf(curves: RemovalCurves): Reading[] {
  const { deletion_area: deletion, insertion_area: insertion, random_area: random } = curves;
  const about = { source: PETSIUK } as const;
  const titles = { deletion: 'Deletion', insertion: 'Insertion' } as const;
  if (deletion === null || insertion === null || random === null || !falls(curves)) {
    const words =
      'With everything taken away the target is about what it was, so these curves cannot tell what matters. Another baseline may.';
    return (['deletion', 'insertion'] as const).map((name) => ({
      ...about,
      name,
      title: titles[name],
      number: '',
      state: 'none',
      words: name === 'deletion' ? words : 'As for deletion: nothing can be told.',
    }));
  }
  const reading = (name: 'deletion' | 'insertion', area: number, gain: number): Reading => {
    const state = gain >= GAP_GOOD ? 'good' : gain > 0 ? 'fair' : 'poor';
    const how = { good: 'much faster than', fair: 'hardly faster than', poor: 'no faster than' }[state];
    const what =
      name === 'deletion'
        ? 'Taking away first what is marked strongest lowers the target'
        : 'Putting back first what is marked strongest restores the target';
    const better = name === 'deletion' ? 'lower is better' : 'higher is better';
    return {
      ...about,
      name,
      title: titles[name],
      number: value(area, 2),
      state,
      words: `${what} ${how} a random order does: area ${value(area, 2)} against ${value(random, 2)}; ${better}.`,
    };
  };
  return [
    reading('deletion', deletion, random - deletion),
    reading('insertion', insertion, insertion - random),
  ];
}

/** Whether the target changes enough on the way for shares of that change to mean anything. */
function falls({ deletion, insertion, random }: RemovalCurves): boolean {
  const all = [...deletion, ...insertion, ...random].filter((number) => number !== null);
  const reach = Math.max(...all) - Math.min(...all);
  const [first, last] = [deletion[0] ?? NaN, deletion.at(-1) ?? NaN];
  return Math.abs(first - last) >= FALL_LEAST * reach && reach > 0;
}

function infidelityOf({ infidelity }: Quality): Reading {
  const about = {
    name: 'infidelity',
    title: 'Infidelity',
    source: 'Yeh et al. 2019, divided by the variance of the change',
  } as const;
  if (infidelity === null) {
    const words = 'This method gives no slopes or shares, from which small changes could be foretold.';
    return { ...about, number: '', state: 'none', words };
  }
  const state = infidelity < 0.1 ? 'good' : infidelity < 0.5 ? 'fair' : 'poor';
  const words = {
    good: 'The attributions foretell well what small random changes do to the target.',
    fair: 'The attributions foretell only roughly what small random changes do to the target.',
    poor: 'The attributions hardly foretell what small random changes do to the target.',
  }[state];
  return { ...about, number: value(infidelity, 2), state, words: `${words} 0 is perfect, 1 says nothing.` };
}

function randomisedOf({ randomised }: Quality): Reading {
  const about = {
    name: 'randomised',
    title: 'Sanity check',
    source: 'Adebayo et al. 2018, Sanity checks for saliency maps',
  } as const;
  const last = randomised.at(-1)?.correlation ?? null;
  if (last === null) {
    const words = 'There is no layer whose weights could be taken away, or no rank among its attributions.';
    return { ...about, number: '', state: 'none', words };
  }
  const size = Math.abs(last);
  const state = size < 0.5 ? 'good' : size < 0.8 ? 'fair' : 'poor';
  const words = {
    good: 'With all its weights made random the network is explained quite differently: the method looks at what was learned.',
    fair: 'With all its weights made random the network is explained somewhat differently: part of the picture is the input alone.',
    poor: 'With all its weights made random the network is explained almost the same: the method shows the input rather than what was learned.',
  }[state];
  return { ...about, number: value(last, 2), state, words: `${words} Rank correlation; near 0 is better.` };
}
