import type { FullEpisodeTable } from './episode_tables';

/** An agent's episode of a match. */
export interface AgentEpisode {
  agent: string;
  episode: number;
}

/**
 * The recorded episodes of all agents of one match, the given one among them, in the order in which they were logged: each agent of a
 * parallel environment has an episode of its own, and those of one reset share `match` in `extra`. Empty for an episode of one agent.
 */
export function matchOf(table: FullEpisodeTable, episode: number): AgentEpisode[] {
  const row = table.episode.indexOf(episode);
  const match = row < 0 ? undefined : table.extra[row]?.match;
  if (match === undefined || table.agent[row] === null) return [];
  const all: AgentEpisode[] = [];
  table.episode.forEach((other, i) => {
    const agent = table.agent[i];
    // Another environment of the same run counts its matches by itself; what one reset began has one global step.
    const isSame =
      table.extra[i]?.match === match &&
      table.globalStep[i] === table.globalStep[row] &&
      table.evaluation[i] === table.evaluation[row];
    if (agent !== null && isSame && table.recorded[i] === 1) all.push({ agent, episode: other });
  });
  // Two environments that began at the same step cannot be told apart: then nothing is said.
  return new Set(all.map(({ agent }) => agent)).size === all.length ? all : [];
}
