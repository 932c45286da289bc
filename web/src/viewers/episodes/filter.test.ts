import { describe, expect, it } from 'vitest';

import { episodeSet } from '../../../testing/episode_table';
import { EpisodeSet } from '../../state/episode_set';
import { EpisodeFields } from './fields';
import { hasWord, parseFilter, toggledWord } from './filter';

const SET = episodeSet([
  {
    episode: 0,
    episodeReturn: -21,
    length: 100,
    recorded: 1,
    extra: { tags: ['hard', 'level/3'], level: 3 },
  },
  {
    episode: 1,
    episodeReturn: 21,
    length: 1500,
    end: 'truncated',
    agent: 'left',
    extra: { title: 'It fell over' },
  },
  {
    episode: 2,
    episodeReturn: NaN,
    length: 7,
    end: 'both',
    evaluation: 1,
    extra: { tags: 'harder 🙂', map: '<b>' },
  },
  { episode: 3, episodeReturn: Infinity, length: 0, end: 'open', envIndex: 2 },
]);
const FIELDS = new EpisodeFields(SET);

function check(text: string, expected: number[]): void {
  const { passes, error } = parseFilter(text, FIELDS);
  expect(error, text).toBeNull();
  expect([0, 1, 2, 3].filter(passes), text).toEqual(expected);
}

function refused(text: string): string {
  const { error, passes } = parseFilter(text, FIELDS);
  expect(error, text).not.toBeNull();
  expect([0, 1, 2, 3].every(passes), 'a broken filter hides nothing').toBe(true);
  return `${text.slice(error!.from, error!.to)} | ${error!.message}`;
}

describe('episode filter', () => {
  it('compares numbers, with and without spaces', () => {
    check('', [0, 1, 2, 3]);
    check('return > 0', [1, 3]);
    check('return>=-21 return<=21', [0, 1]);
    check('return:-21..21', [0, 1]);
    check('length:100..', [0, 1]);
    check('length:..100', [0, 2, 3]);
    check('length >= 1.5k', [1]);
    check('length<1e2', [2, 3]);
    check('episode=2', [2]);
    check('episode != 2', [0, 1, 3]);
    check('env:2', [3]);
  });

  it('NaN is in no comparison, infinity is beyond all numbers, and both can be asked for', () => {
    check('return < 1e308', [0, 1]);
    check('-return<1e308', [2, 3]);
    check('return=nan', [2]);
    check('return:inf', [3]);
  });

  it('knows words that stand alone', () => {
    check('recorded', [0]);
    check('-recorded', [1, 2, 3]);
    check('live', [3]);
    check('unfinished', [3]);
    check('end:live', [3]);
    check('ended training', [0, 1]);
    check('terminated', [0, 2]);
    check('truncated', [1, 2]);
    check('EVALUATION', [2]);
  });

  it('what an earlier process left open is not live, though the run goes on', () => {
    const [run] = SET.runs;
    const endedUs = run.table.endedUs.map((us, row) => (row === 3 ? 5e6 : us));
    const fields = new EpisodeFields(new EpisodeSet([{ ...run, table: { ...run.table, endedUs } }]));
    const passing = (text: string) => [0, 1, 2, 3].filter(parseFilter(text, fields).passes);
    expect(['live', 'unfinished', 'end=unfinished'].map(passing)).toEqual([[], [3], [3]]);
  });

  it('what a run that is over left unfinished is not live', () => {
    const [run] = SET.runs;
    const fields = new EpisodeFields(new EpisodeSet([{ ...run, isRunning: false }]));
    const passing = (text: string) => [0, 1, 2, 3].filter(parseFilter(text, fields).passes);
    expect(['live', 'unfinished', 'end:live', 'end=unfinished', '-live'].map(passing)).toEqual([
      [],
      [3],
      [],
      [3],
      [0, 1, 2, 3],
    ]);
    const end = fields.get('end')!;
    expect([...end.values].map((index) => end.words![index])).toEqual([
      'terminated',
      'truncated',
      'both',
      'unfinished',
    ]);
  });

  it('looks for words in tags, titles and what else was logged', () => {
    check('tag:hard', [0, 2]);
    check('tag=hard', [0]);
    check('tag=level/3', [0]);
    check('tag:🙂', [2]);
    check('tag="harder 🙂"', [2]);
    check('-tag:hard', [1, 3]);
    check('tag!=hard', [1, 2, 3]);
    check('agent:LEF', [1]);
    check('title:"fell over"', [1]);
    check('"fell over"', [1]);
    check('map:<b>', [2]);
    check('end:both', [2]);
    check('run:a', [0, 1, 2, 3]);
    check('level >= 3', [0]);
    check('extra/level:3', [0]);
  });

  it('names the first word that it does not understand', () => {
    expect(refused('recorded retrun > 3')).toBe(
      'retrun > 3 | no field is called "retrun": did you mean return?',
    );
    expect(refused('recored')).toBe(
      'recored | "recored" is not known: did you mean recorded? Text that is searched for stands in quotes.',
    );
    expect(refused('length')).toBe('length | "length" needs a value, as in length > 0');
    expect(refused('return > many')).toBe('return > many | "return" is a number, and "many" is none');
    expect(refused('return >')).toBe('return > | nothing follows "return >"');
    expect(refused('tag > 3')).toBe('tag > 3 | "tag" is a word: it takes : = or !=, not >');
    expect(refused('> 3')).toBe('> | ">" has no field before it');
    expect(refused('recorded "fell')).toBe('"fell | a quote is not closed');
    expect(refused('zzzzzzzzz')).toContain('"zzzzzzzzz" is not known Text');
    expect(refused('constructor')).toContain('"constructor" is not known');
  });

  it('puts words in and takes them out', () => {
    expect(toggledWord('return > 3', 'recorded')).toBe('return > 3 recorded');
    expect(toggledWord('recorded return > 3', 'recorded')).toBe('return > 3');
    expect(hasWord('-recorded', 'recorded')).toBe(false);
  });

  it('reads any text without failing', () => {
    let state = 5;
    const signs = 'return>=<:!-"" .tag1e9kM∞\\\u0000🙂';
    for (let k = 0; k < 3000; k++) {
      let text = '';
      for (let i = 0; i < 12; i++) {
        state = (state * 48271) % 2147483647;
        text += signs[state % signs.length];
      }
      expect(() => parseFilter(text, FIELDS).passes(0), text).not.toThrow();
    }
  });
});
