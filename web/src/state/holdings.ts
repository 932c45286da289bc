import type { RunSummary } from '../api/wire';

/** What a run may have recorded beside its scalars. */
export const HOLDINGS = [
  { word: 'recording', count: 'recorded', one: 'recorded episode', many: 'recorded episodes', icon: 'play' },
  { word: 'film', count: 'filmed', one: 'filmed episode', many: 'filmed episodes', icon: 'film' },
  { word: 'checkpoint', count: 'checkpoints', one: 'checkpoint', many: 'checkpoints', icon: 'layers' },
] as const;

/** Words for what a run is known to have. */
export function holdingsOf(run: RunSummary): string[] {
  return HOLDINGS.filter(({ count }) => (run[count] ?? 0) > 0).map(({ word }) => word);
}

/** Whether there are episodes of a run to watch; null where nobody counted its films, and only its episodes tell. */
export function hasWatchable({ recorded, filmed, episodes }: RunSummary): boolean | null {
  if (recorded > 0 || (filmed ?? 0) > 0) return true;
  return filmed === null && episodes > 0 ? null : false;
}
