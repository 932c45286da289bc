/** What a word of the panel means, for its sign beside it. */
export interface Term {
  title: string;
  formula: string;
  meaning: string;
  good: string;
  bad: string;
  source: string;
}

const term = (title: string, meaning: string, more: Partial<Term> = {}): Term => ({
  title,
  meaning,
  formula: '',
  good: '',
  bad: '',
  source: '',
  ...more,
});

/** The words of the panel. */
export const GLOSSARY = {
  target: term(
    'Target',
    'The one number of the network that is explained: how much it prefers an action, one action over another, or what it expects to gain.',
    { formula: 'f(x), for “A, not B”: f_A(x) − f_B(x)' },
  ),
  layer: term(
    'Layer',
    'What the target is explained by. The observation says where the policy looked; a hidden layer says which of its own features it used.',
    {
      good: 'The recommended layer is a bottleneck: all that the policy knows passes through it.',
      source: 'Hilton et al. 2020, Understanding RL Vision',
    },
  ),
  sum: term(
    'Does it add up?',
    'Methods that share the target out among the entries should share out all of it. What is missing or too much tells how far their numbers can be trusted.',
    {
      formula: 'Σ attribution − (f(x) − f(baseline))',
      good: 'Small against the target itself: under 1 %.',
      bad: 'More steps of the path make it smaller; if they do not, the method does not fit this network.',
      source: 'Sundararajan et al. 2017',
    },
  ),
  sign: term(
    'Sign',
    'Positive entries speak for the target, negative ones against it. Gradients without a baseline only say that a change would matter.',
    { source: 'Kokhlikyan et al. 2020 (Captum), as in rld' },
  ),
  outliers: term(
    'Outliers',
    'A few very strong places would leave the rest invisible. The scale ends where all weaker places together reach the rest of this share; what lies beyond is drawn as strongest.',
    { formula: 'scale = smallest |a| at which Σ_(|b| ≤ |a|) |b| ≥ (100 − p) %' },
  ),
  smoothing: term(
    'Bleed',
    'Each place is spread over its neighbours by a kernel whose sum is more than one: strong places grow and saturate, so that area tells magnitude. The numbers in the table stay as they are.',
    { formula: 'exp(−‖x‖), 15 × 15, sum 6.4566', source: 'Hilton et al. 2020, Understanding RL Vision' },
  ),
  scale: term(
    'One scale for all steps',
    'Otherwise each step has its own: then a quiet step looks as lively as a decisive one. Taken from the steps whose answers are here.',
    { formula: 'median over steps of max |a|', source: 'Hilton et al. 2020, Understanding RL Vision' },
  ),
  totals: term(
    'Totals over time',
    'How much there is to explain at each step: the sum of what speaks for the target and of what speaks against it.',
    {
      formula: 'Σ |a|',
      bad: 'A single step far above all others is often an odd picture rather than a decision.',
      source: 'Hilton et al. 2020, Understanding RL Vision',
    },
  ),
} as const satisfies Record<string, Term>;

/** A method as a term. */
export function termOfMethod(method: {
  name: string;
  doc: string;
  source: string;
  doesNotShow: string;
  cost: string;
}): Term {
  return term(method.name.replaceAll('_', ' '), method.doc, {
    bad: method.doesNotShow,
    good: '',
    formula: method.cost ? `cost: ${method.cost}` : '',
    source: method.source,
  });
}
