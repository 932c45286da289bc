import type { EpisodeEnd } from '../api/wire';

/** How an episode stands: how it ended, or whether one that did not end goes on. */
export type Standing = Exclude<EpisodeEnd, 'open'> | 'live' | 'unfinished';

/** Every standing, in the order of their numbers in columns. */
export const STANDINGS: readonly Standing[] = [
  'live',
  'terminated',
  'truncated',
  'both',
  'unknown',
  'unfinished',
];

interface Words {
  text: string;
  /** Where there is little room. */
  short: string;
  doc: string;
}

/** What people are told of each. */
export const STANDING_WORDS: Readonly<Record<Standing, Words>> = {
  live: { text: 'live', short: 'live', doc: 'The episode goes on' },
  terminated: { text: 'terminated', short: 'terminated', doc: 'Ended by the task' },
  truncated: {
    text: 'truncated',
    short: 'truncated',
    doc: 'Cut from outside, for example by a step limit',
  },
  both: {
    text: 'terminated + truncated',
    short: 'both',
    doc: 'Ended by the task in the same step in which it was cut',
  },
  unknown: { text: 'ended', short: 'ended', doc: 'Ended; whoever counted it does not say how' },
  unfinished: { text: 'unfinished', short: 'unfinished', doc: 'Its run stopped before the episode ended' },
};

/** How an episode stands; one that did not end goes on only while its run does. */
export function standingOf(end: EpisodeEnd, isRunning: boolean): Standing {
  if (end === 'open') return isRunning ? 'live' : 'unfinished';
  return end;
}
