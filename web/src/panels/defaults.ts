import type { RunDetail } from '../api/wire';
import { isReturnTag } from '../state/returns';
import { formatField } from './fields';
import { settled, type Layout, type Panel, type Spec } from './layout';

/** A quantity that most training runs have, by the names that common libraries and scripts give it. */
interface Known {
  title: string;
  /** Whole tags, best first; each is what some common library logs. */
  tags: readonly string[];
  /** Other tags that mean it, by the end of their name. */
  like?: RegExp;
  /** What to write to have it; null for what only some algorithms have. */
  line: string | null;
}

const log = (tag: string, value: string) => `run.log({"${tag}": ${value}}, global_step=step)`;

const KNOWN: readonly Known[] = [
  {
    title: 'Value loss',
    tags: ['losses/value_loss', 'train/value_loss', 'losses/td_loss', 'train/critic_loss', 'losses/qf_loss'],
    like: /(^|[/_])(value|critic|vf|qf\d?|q|td)(_loss)?$/i,
    line: log('losses/value_loss', 'value_loss.item()'),
  },
  { title: 'Loss', tags: ['train/loss', 'losses/loss', 'loss'], line: null },
  {
    title: 'Policy loss',
    tags: ['losses/policy_loss', 'train/policy_gradient_loss', 'losses/actor_loss', 'train/actor_loss'],
    like: /(^|[/_])(policy|actor|pg)_(gradient_)?loss$/i,
    line: log('losses/policy_loss', 'policy_loss.item()'),
  },
  {
    title: 'Entropy',
    tags: ['losses/entropy', 'train/entropy_loss', 'policy/entropy', 'entropy'],
    like: /(^|[/_])entropy(_loss|_mean)?$/i,
    line: log('losses/entropy', 'entropy.mean().item()'),
  },
  {
    title: 'KL divergence',
    tags: ['losses/approx_kl', 'train/approx_kl', 'losses/kl', 'kl'],
    like: /(^|[/_])(approx_|mean_)?kl(_div|_k\d|_divergence)?$/i,
    line: log('losses/approx_kl', 'approx_kl.item()'),
  },
  {
    title: 'Explained variance',
    tags: ['losses/explained_variance', 'train/explained_variance', 'explained_variance'],
    like: /(^|[/_])explained_var(iance)?$/i,
    line: log('losses/explained_variance', 'explained_variance'),
  },
  {
    title: 'Exploration',
    tags: ['rollout/exploration_rate', 'charts/epsilon', 'epsilon'],
    like: /(^|[/_])(epsilon|exploration_rate)$/i,
    line: null,
  },
  {
    title: 'Steps per second',
    tags: ['charts/SPS', 'time/fps', 'time/sps', 'SPS', 'fps'],
    like: /(^|[/_])(sps|fps|steps_per_sec(ond)?)$/i,
    line: log('charts/SPS', 'int(step / (time.time() - started))'),
  },
];

/** Something that the page would show had it been logged. */
export interface Absent {
  title: string;
  line: string;
}

/** What of a run decides its page. */
export interface Overviewed extends Pick<RunDetail, 'scalars'> {
  /** Episodes that were recorded step by step. */
  recorded: number;
  /** Which kinds of episodes ended. */
  kinds: { training: boolean; evaluation: boolean };
}

/** The page of a run: what most people look at first, as far as it was logged, and what to write for the rest. */
export function defaultLayout(detail: Overviewed): { layout: Layout; absent: Absent[] } {
  const { recorded } = detail;
  const absent: Absent[] = [];
  const tops: [kind: string, title: string, spec: Spec, width: number][] = [];
  const curves: [title: string, field: string][] = [];

  const first = curveOfReturn(detail);
  if (first) tops.push(lineOf(detail, 'Return', first, recorded > 0 ? 5 : 8));
  else absent.push({ title: 'Return and length of episodes', line: 'env = eg.record(env, run)' });
  if (recorded > 0) tops.push(['episode', '', { which: 'latest' }, first ? 4 : 8]);
  else absent.push({ title: 'Episodes that play', line: 'env = eg.record(env, run, schedule=eg.every(10))' });
  tops.push(['run_card', '', {}, tops.length === 0 ? 12 : recorded > 0 && first ? 3 : 4]);

  const length = curveOfLength(detail);
  if (detail.kinds.training && detail.kinds.evaluation) {
    curves.push([
      'Returns in evaluation',
      formatField({ from: 'episode', axis: 'episode', name: 'evaluation_return' }),
    ]);
  }
  if (length) curves.push(['Length of episodes', length]);
  for (const known of KNOWN) {
    const tag = tagOf(detail, known);
    if (tag) curves.push([known.title, tag]);
    else if (known.line) absent.push({ title: known.title, line: known.line });
  }

  const panels: Panel[] = [];
  let x = 0;
  for (const [kind, title, spec, w] of tops) {
    panels.push({ id: `p${panels.length + 1}`, kind, title, spec, box: { x, y: 0, w, h: 9 } });
    x += w;
  }
  curves.forEach(([title, field], i) => {
    const [kind, heading, spec] = lineOf(detail, title, field, 4);
    const box = { x: (i % 3) * 4, y: 9 + Math.floor(i / 3) * 7, w: 4, h: 7 };
    panels.push({ id: `p${panels.length + 1}`, kind, title: heading, spec, box });
  });
  return { layout: settled(panels), absent };
}

/** Few points are shown as they are: an average would hide them. */
const FEW = 50;

function lineOf(
  { scalars }: Overviewed,
  title: string,
  field: string,
  width: number,
): [kind: string, title: string, spec: Spec, width: number] {
  const tag = scalars.find((one) => formatField({ from: 'scalar', axis: one.axis, name: one.tag }) === field);
  const smoothing = tag && tag.count < FEW ? 0 : 0.6;
  return ['line', title, { tags: [field], x: 'step', smoothing, log: false }, width];
}

function curveOfReturn({ scalars, kinds }: Overviewed): string | null {
  if (kinds.training) return formatField({ from: 'episode', axis: 'episode', name: 'episode_return' });
  const tag = scalars.find((one) => isReturnTag(one.tag));
  if (!tag && kinds.evaluation)
    return formatField({ from: 'episode', axis: 'episode', name: 'evaluation_return' });
  return tag ? formatField({ from: 'scalar', axis: tag.axis, name: tag.tag }) : null;
}

function curveOfLength({ scalars, kinds }: Overviewed): string | null {
  if (kinds.training) return formatField({ from: 'episode', axis: 'episode', name: 'length' });
  const tag = scalars.find(({ tag }) => /(^|[/_])(ep(isod\w*)?_len(gth)?(_mean)?)$/i.test(tag));
  return tag ? formatField({ from: 'scalar', axis: tag.axis, name: tag.tag }) : null;
}

function tagOf({ scalars }: Overviewed, { tags, like }: Known): string | null {
  const steps = scalars.filter(({ axis }) => axis === 'global_step');
  const found =
    tags.map((tag) => steps.find((one) => one.tag === tag)).find((one) => one !== undefined) ??
    steps.find(({ tag }) => like?.test(tag));
  return found ? formatField({ from: 'scalar', axis: found.axis, name: found.tag }) : null;
}
