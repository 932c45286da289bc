import { expect, it } from 'vitest';

import type { EpisodeTable } from '../state/episode_tables';
import { episodesCsv } from './csv';

const column = (...values: number[]) => Float64Array.from(values);
const table: EpisodeTable = {
  episode: column(0, 1, 2),
  globalStep: column(0, 20, 50),
  length: column(20, 30, 4),
  recorded: column(1, 0, 0),
  envIndex: column(0, 0, 0),
  episodeReturn: column(1.5, -21, 3),
  startedUs: column(100, 200, 300),
  ended: column(1, 1, 0),
  evaluation: column(0, 0, 0),
};

it('A-15: has every ended episode as it was logged, and no formulas', () => {
  expect(episodesCsv([{ id: 'r1', name: '=A1,"b"', table }], 'episode_return')).toBe(
    'run,name,episode,global_step,started_us,episode_return\n' +
      'r1,"\'=A1,""b""",0,0,100,1.5\nr1,"\'=A1,""b""",1,20,200,-21\n',
  );
  expect(episodesCsv([{ id: 'r1', name: 'a', table }], 'length').split('\n')[1]).toBe('r1,a,0,0,100,20');
  expect(episodesCsv([{ id: 'r1', name: 'a', table }], 'evaluation_return').split('\n')).toHaveLength(2);
});
