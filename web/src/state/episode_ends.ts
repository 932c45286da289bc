import type { EpisodeEnd, EpisodeRow } from '../api/wire';

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
  unfinished: {
    text: 'unfinished',
    short: 'unfinished',
    doc: 'What played it stopped before the episode ended',
  },
};

/** Whether an episode may go on: it did not end, and no later process that went on with the run found it left. */
export function isOpen({ end, ended_us }: Pick<EpisodeRow, 'end' | 'ended_us'>): boolean {
  return end === 'open' && ended_us === null;
}

/** How an episode stands; one that did not end goes on only while its run does, and the process that played it. */
export function standingOf(episode: Pick<EpisodeRow, 'end' | 'ended_us'>, isRunning: boolean): Standing {
  if (episode.end !== 'open') return episode.end;
  return isRunning && isOpen(episode) ? 'live' : 'unfinished';
}

/** How many stand how, of episodes that are counted by their end, `left` of them left open by processes that are gone. */
export function countStandings(
  ends: Partial<Record<EpisodeEnd, number>>,
  left: number,
  isRunning: boolean,
): [Standing, number][] {
  const { open = 0, ...ended } = ends;
  const live = isRunning ? Math.max(0, open - left) : 0;
  const found: [Standing, number][] = [
    ['live', live],
    ...(Object.entries(ended) as [Exclude<EpisodeEnd, 'open'>, number][]),
    ['unfinished', open - live],
  ];
  return found.filter(([, count]) => count > 0);
}
