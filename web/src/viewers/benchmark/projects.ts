import { familyOf } from '../../state/seeds';
import type { RunSummary } from '../../api/wire';
import type { Part } from './spec';

/** A project, and how many runs it has. */
export interface Project {
  name: string;
  runs: number;
}

/** In place of a project's name: all of them. A project is a folder, and none is called so. */
export const ALL = '*';
/** Fewer runs foretell nothing: the server grows no forest of them. */
const FOREST_RUNS_MIN = 8;

/** Projects, that with the newest run first. `runs` are newest first. */
export function projectsOf(runs: readonly RunSummary[]): Project[] {
  const counts = new Map<string, number>();
  for (const { project } of runs) counts.set(project, (counts.get(project) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, runs: count }));
}

/** The runs of a project, or of all. */
export function runsOf(project: string | null, runs: readonly RunSummary[]): readonly RunSummary[] {
  return project === ALL ? runs : runs.filter((run) => run.project === project);
}

/**
 * The project that is compared while nobody has chosen: that of the run in view where the page has something to say of it, else the newest
 * of which it has. Algorithms need several seeds of one configuration, parameters several configurations of one task, or at least the runs
 * of a forest. Where no project has that, the run's own. `runs` are newest first.
 */
export function projectByItself(
  runs: readonly RunSummary[],
  part: Part,
  inView?: string | null,
): string | null {
  const projects = projectsOf(runs);
  const own = projects.findIndex((project) => project.name === inView);
  if (own > 0) projects.unshift(...projects.splice(own, 1));
  const telling =
    part === 'parameters'
      ? (projects.find(({ name }) => isSweep(runsOf(name, runs))) ??
        projects.find((project) => project.runs >= FOREST_RUNS_MIN))
      : projects.find(({ name }) => hasSeeds(runsOf(name, runs)));
  return (telling ?? projects[0])?.name ?? null;
}

/** Whether two of the runs differ in their seed alone, as far as groups and names tell. */
function hasSeeds(runs: readonly RunSummary[]): boolean {
  return new Set(runs.map(familyOf)).size < runs.length;
}

/** Whether enough of the runs are of one task, and differ in more than their seed. */
function isSweep(runs: readonly RunSummary[]): boolean {
  const families = (task: string | null) =>
    new Set(runs.filter((run) => run.env_id === task).map(familyOf)).size;
  return [...new Set(runs.map((run) => run.env_id))].some((task) => families(task) >= FOREST_RUNS_MIN);
}
