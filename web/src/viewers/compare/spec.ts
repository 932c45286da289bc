/** One of the episodes that are compared. */
export interface Member {
  run: string;
  episode: number;
  /** Steps by which it was moved by hand: positive starts it later in its own episode. */
  offset: number;
}

export const LOCKS = ['step', 'event', 'time'] as const;
export type Lock = (typeof LOCKS)[number];

/** What the address says of this page. */
export interface Spec {
  members: Member[];
  lock: Lock;
  /** Which event: `reward`, `lives`, `action`, `end`, or `field:NAME`. */
  event: string;
  /** Counted from 1. */
  nth: number;
  /** Fields that are drawn as curves; null for the usual ones. */
  tracks: string[] | null;
  speed: number;
}

/** Most episodes side by side. */
export const MEMBERS_MAX = 4;
const OFFSET_MAX = 1_000_000;

type Param = (name: string) => string | null;

/** Reads the spec. What is no episode is left out; anything else that is odd gives what is usual. */
export function specOf(param: Param): Spec {
  const offsets = (param('offset') ?? '').split(',');
  const speed = Number(param('speed'));
  const nth = Number(param('nth'));
  const tracks = param('tracks');
  const members = (param('of') ?? '').split(',').flatMap((text, i) => {
    const found = /^(.+):(\d{1,15})$/.exec(text);
    if (!found) return [];
    const offset = Number(offsets[i] ?? 0);
    const usable = Number.isInteger(offset) && Math.abs(offset) <= OFFSET_MAX;
    return [{ run: found[1], episode: Number(found[2]), offset: usable ? offset : 0 }];
  });
  return {
    members: members.slice(0, MEMBERS_MAX),
    lock: LOCKS.find((lock) => lock === param('by')) ?? 'step',
    event: param('event') || 'reward',
    nth: Number.isInteger(nth) && nth > 0 ? nth : 1,
    tracks: tracks === null ? null : tracks.split(',').filter(Boolean),
    speed: speed > 0 && speed <= 64 ? speed : 1,
  };
}

/** The parameters that name these episodes. */
export function paramsOf(members: readonly Member[]): { of: string | null; offset: string | null } {
  const moved = members.some(({ offset }) => offset !== 0);
  return {
    of: members.map(({ run, episode }) => `${run}:${episode}`).join(',') || null,
    offset: moved ? members.map(({ offset }) => offset).join(',') : null,
  };
}
