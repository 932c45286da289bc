import { describe, expect, it } from 'vitest';

import { DIM, GONE, MARKED, PLAIN } from '../../charts/cloud_points';
import { settingsText } from '../../state/settings_text';
import {
  BOOKMARKS_MAX,
  bookmarksOfFile,
  bookmarksOfText,
  fileOfBookmarks,
  patchOf,
  renamed,
  textOfBookmarks,
  viewOf,
  type Bookmark,
} from './bookmarks';
import { bytesBy, colourByChoice, colourByNumber, isSigned, MISSING, standOf } from './colouring';
import { namesOfText, textOfNames } from './names';
import { samplesOf, seriesOf } from './samples';
import { episodesOfPoints, matches, pathOf, patternOf, pointAt, pointOf } from './search';
import { barsOf, reachOf } from './state_glyph';
import { freeName, isSetName, markOf, SETS_TEXT_MAX, setsOfText, textOfSets, union } from './sets';
import { numbersOf, numbersText } from '../../ui/episode_numbers';
import { episodesText, requestOf, specOf } from './spec';

const paramsOf = (params: Record<string, string>) => (name: string) => params[name] ?? null;

describe('spec of States', () => {
  it('is what is usual when the address says nothing, or something odd', () => {
    const usual = specOf(paramsOf({}));
    expect(usual).toMatchObject({
      method: 'pca',
      dims: 2,
      points: 10_000,
      range: null,
      isolated: [],
      lines: [],
    });
    const odd = specOf(
      paramsOf({
        points: '1e9',
        dims: '4',
        only: 'run:9-1,:3,run',
        with: ':x,seed',
        range: '3..1',
        only_colour: 'x,1.5',
        lines: 'run,run:x',
        axes: 'x|y',
        count: '7',
        network: '-1',
      }),
    );
    expect(odd).toEqual(usual);
  });

  it('becomes a question to the server', () => {
    const spec = specOf(
      paramsOf({
        only: 'a:0-2+7',
        method: 'umap',
        dims: '3',
        with: 'n_neighbors:8',
        network: '500',
      }),
    );
    expect(requestOf(spec, ['a', 'b'], 'layer/fc1')).toEqual({
      sources: [
        { run: 'a', episodes: [0, 1, 2, 7], checkpoint: 500 },
        { run: 'b', checkpoint: 500 },
      ],
      of: 'layer/fc1',
      points: 10_000,
      method: 'umap',
      dims: 3,
      settings: { n_neighbors: '8' },
    });
    expect(requestOf(spec, ['b'], 'observation').sources).toEqual([{ run: 'b' }]);
    expect(episodesText(spec.only)).toBe('a:0-2+7');
    expect(settingsText(spec.settings)).toBe('n_neighbors:8');
  });

  it('asks for labels only of a method that takes them', () => {
    const of = (params: Record<string, string>) =>
      requestOf(specOf(paramsOf({ supervised: 'action', ...params })), ['a'], 'observation').supervised_by;
    expect(of({ method: 'umap' })).toBe('action');
    expect(of({ method: 'tsne' })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });

  it('reads lists of episodes as people write them', () => {
    expect(numbersOf('3, 1-2 9')).toEqual([1, 2, 3, 9]);
    expect(numbersText([1, 2, 3, 9], ', ')).toBe('1-3, 9');
    for (const odd of ['', 'a', '5-2', '0-999999999', '-3']) expect(numbersOf(odd), odd).toBeNull();
  });
});

describe('sets', () => {
  const n = 100_000;
  const column = (of: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => of(i));
  const points = { source: column(() => 0), episode: column((i) => i >> 9), step: column((i) => i & 511) };
  const MARK = markOf(points);

  it('know the points that they were made on', () => {
    expect(MARK).toMatch(/^100000-[0-9a-z]+$/);
    expect(markOf({ ...points, step: column((i) => (i === 77_777 ? 1 : i & 511)) })).not.toBe(MARK);
  });

  it('are the same after the address', () => {
    const sets = [
      { name: 'left! wall, high', points: Uint32Array.of(0, 1, 2, 900, 901, 70_000) },
      { name: 'b', points: Uint32Array.of(99_999) },
    ];
    const { text, left } = textOfSets(sets, MARK);
    expect(left).toEqual([]);
    const again = setsOfText(text, MARK);
    expect(again.map(({ name }) => name)).toEqual(['left! wall, high', 'b']);
    again.forEach(({ points }, i) => expect([...points]).toEqual([...sets[i].points]));
    expect(setsOfText(text, '100000-zz')).toEqual([]);
    expect(textOfSets([], '5-a')).toEqual({ text: null, left: [] });
  });

  it('too long for an address are named, and nothing odd is read', () => {
    const points = Uint32Array.from({ length: 6000 }, (_, i) => 3 * i);
    const { text, left } = textOfSets(
      [
        { name: 'wide', points },
        { name: 'ok', points: points.slice(0, 9) },
      ],
      '18000-a',
    );
    expect(left).toEqual(['wide']);
    expect(text!.length).toBeLessThan(SETS_TEXT_MAX);
    for (const odd of ['9-a,a!%%%', '9-a,a!_w', '9-a,!AA', '9-a,a', '9-a,a!', '9-a,a!CQA', 'x', null]) {
      expect(setsOfText(odd, '9-a'), String(odd)).toEqual([]);
    }
  });

  it('join and find free names', () => {
    expect([...union(Uint32Array.of(5, 1), Uint32Array.of(3, 5))]).toEqual([1, 3, 5]);
    expect(freeName([{ name: 'set 1', points: new Uint32Array() }])).toBe('set 2');
  });

  it('have names that axes can speak of', () => {
    expect(['left wall, high!', 'a'].every(isSetName)).toBe(true);
    for (const odd of ['', 'a>b', 'a|b', 'x'.repeat(61)]) expect(isSetName(odd), odd).toBe(false);
  });
});

describe('search', () => {
  const points = { source: [0, 0, 1, 1, 0], episode: [4, 4, 4, 5, 4], step: [2, 0, 0, 1, 9] };
  const { episodeOf, list } = episodesOfPoints(points.source, points.episode);

  it('looks at each text once', () => {
    expect(list).toEqual([
      { source: 0, episode: 4 },
      { source: 1, episode: 4 },
      { source: 1, episode: 5 },
    ]);
    const texts = {
      episodeOf,
      episodes: ['dqn episode 4 crash', 'ppo episode 4', 'ppo episode 5'],
      choices: [{ field: 'action', values: [0, 1, 1, NaN, 7], names: ['NOOP', 'LEFT+FIRE'] }],
    };
    const find = (text: string) => [...matches(texts, patternOf(text).pattern!).found].join('');
    expect(find('crash')).toBe('11001');
    expect(find('^ppo.*[45]$')).toBe('00110');
    expect(find('left')).toBe('01100');
    expect(find('action noop|5$')).toBe('10010');
    expect(matches(texts, /zebra/).count).toBe(0);
    expect(patternOf('(').error).toMatch(/group/i);
    expect(patternOf(' ')).toEqual({ pattern: null, error: null });
  });

  it('finds the point of a step, and none for a step that is no point', () => {
    const sorted = { source: [0, 0, 0, 1, 1, 1], episode: [2, 2, 9, 0, 2, 2], step: [0, 4, 1, 3, 0, 4] };
    sorted.step.forEach((step, i) =>
      expect(pointOf(sorted, sorted.source[i], sorted.episode[i], step)).toBe(i),
    );
    for (const [source, episode, step] of [
      [0, 2, 1],
      [0, 3, 0],
      [2, 0, 0],
      [-1, 0, 0],
      [1, 2, 5],
    ])
      expect(pointOf(sorted, source, episode, step), `${source}/${episode}/${step}`).toBeNull();
    expect(pointOf({ source: [], episode: [], step: [] }, 0, 0, 0)).toBeNull();
  });

  it('follows an episode through time and finds its nearest step', () => {
    expect([...pathOf(episodeOf, points.step, 0)]).toEqual([1, 0, 4]);
    expect(pointAt(episodeOf, points.step, 0, 3)).toBe(0);
    expect(pointAt(episodeOf, points.step, 9, 3)).toBeNull();
  });
});

describe('colouring', () => {
  const column = { name: 'value', values: [-1, 0, 3, NaN, Infinity], kind: 'number' as const, names: [] };

  it('gives numbers colours from low to high, and missing ones their own', () => {
    const { colour, palette, scale, missing } = colourByNumber(
      column,
      ['#000000', '#ffffff'],
      false,
      '#ff0000',
    );
    expect([...colour]).toEqual([0, 64, 254, MISSING, 254]);
    expect(scale).toMatchObject({ low: -1, high: 3 });
    expect(missing).toBe(1);
    expect([...palette.subarray(0, 3), ...palette.subarray(3 * MISSING)]).toEqual([0, 0, 0, 255, 0, 0]);
    const centred = colourByNumber(column, ['#0000ff', '#000000', '#ff0000'], true, '#888888');
    expect(centred.scale).toMatchObject({ low: -3, high: 3 });
    expect(centred.colour[1]).toBe(127);
    expect([isSigned(column.values), isSigned([1, 2]), isSigned([-0.01, 5])]).toEqual([true, false, false]);
  });

  it('gives choices colours and counts; many choices are none', () => {
    const action = { name: 'action', values: [2, 0, 2, NaN], kind: 'choice' as const, names: ['a', 'b', ''] };
    const made = colourByChoice(action, (value) => (value === 0 ? '#010203' : '#040506'), '#999999')!;
    expect(made.choices.map(({ name, count }) => [name, count])).toEqual([
      ['a', 1],
      ['2', 2],
    ]);
    expect([...made.colour]).toEqual([1, 0, 1, MISSING]);
    expect([...made.palette.subarray(0, 6)]).toEqual([1, 2, 3, 4, 5, 6]);
    const many = { ...action, values: Array.from({ length: 99 }, (_, i) => i) };
    expect(colourByChoice(many, () => '#000000', '#999999')).toBeNull();
  });

  it('says how each point stands', () => {
    const none = { range: null, choices: null, episode: null, set: null, found: null, hides: false };
    expect(standOf(3, none)).toBeNull();
    const values = [1, 2, NaN, 4];
    expect([...standOf(4, { ...none, range: { values, low: 1, high: 3 } })!]).toEqual([
      PLAIN,
      PLAIN,
      DIM,
      DIM,
    ]);
    const found = Uint8Array.of(1, 0, 1, 0);
    const both = { ...none, found, hides: true, choices: { values, of: new Set([1, 2, 4]) } };
    expect([...standOf(4, both)!]).toEqual([MARKED, GONE, GONE, GONE]);
    const set = Uint32Array.of(1, 3);
    const within = { ...none, set, episode: { of: Uint32Array.of(0, 0, 0, 1), which: 1 } };
    expect([...standOf(4, within)!]).toEqual([DIM, DIM, DIM, PLAIN]);
    expect([...bytesBy([0, 5, 10, NaN], 50, 250, 1)]).toEqual([50, 150, 250, 1]);
    expect([...bytesBy([3, 3], 50, 250, 1)]).toEqual([250, 250]);
  });
});

describe('bookmarks', () => {
  it('keep how the map is looked at', () => {
    const param = paramsOf({ cam: '2,0,0', colour: 'value', points: '1000' });
    const view = viewOf(param);
    expect(view).toEqual({ cam: '2,0,0', colour: 'value' });
    const [again] = bookmarksOfText(textOfBookmarks([{ name: 'a', view }]));
    expect(again).toEqual({ name: 'a', view });
    expect(patchOf(again)).toMatchObject({ cam: '2,0,0', find: null });
    for (const odd of [null, '', 'x', '{}', '[1]', '[["a"]]', '[["", {}]]'])
      expect(bookmarksOfText(odd)).toEqual([]);
    expect(bookmarksOfText('[["a", {"cam": 3, "runs": "x", "find": "y"}]]')).toEqual([
      { name: 'a', view: { find: 'y' } },
    ]);
  });
});

describe('files of bookmarks', () => {
  const views: Bookmark[] = [
    { name: 'a', view: { colour: 'value' } },
    { name: 'b', view: { cam: '2,0,0' } },
  ];

  it('come back as they were saved', () => {
    expect(bookmarksOfFile(fileOfBookmarks(views))).toEqual({ found: views, error: null });
    expect(bookmarksOfFile('{"views": []}')).toEqual({ found: [], error: null });
  });

  it('that are none say what was expected', () => {
    const many = JSON.stringify({ views: Array.from({ length: BOOKMARKS_MAX + 1 }, () => views[0]) });
    for (const [text, why] of [
      ['', /JSON/],
      ['[]', /no list of views/],
      ['null', /no list of views/],
      ['{"views": 3}', /no list of views/],
      ['{"views": [{"name": "a", "view": {}}, {"name": ""}]}', /view 2/],
      ['{"views": [{"name": "a", "view": {}}, {"name": "a", "view": {}}]}', /one name/],
      [many, /more than 16/],
    ] as const) {
      const { found, error } = bookmarksOfFile(text);
      expect([found, error], text.slice(0, 40)).toEqual([[], expect.stringMatching(why)]);
      expect(error).toContain('expected {"views"');
    }
  });

  it('are renamed, but not to a name that is taken', () => {
    expect(renamed(views, 'a', ' c ')?.map(({ name }) => name)).toEqual(['c', 'b']);
    expect(renamed(views, 'a', 'a')).toEqual(views);
    expect([renamed(views, 'a', 'b'), renamed(views, 'a', ' ')]).toEqual([null, null]);
  });
});

describe('names of states in a link', () => {
  it('are the same after the address, and belong to the points of one map', () => {
    const names = [
      { point: 3, name: 'the door, left!' },
      { point: 0, name: 'start' },
    ];
    const text = textOfNames(names, '9-a');
    expect(namesOfText(text, '9-a')).toEqual(names);
    expect(namesOfText(text, '9-b')).toEqual([]);
    expect(textOfNames([], '9-a')).toBeNull();
    for (const odd of [null, '', '9-a,', '9-a,9!x', '9-a,x!y', '9-a,-1!y', '9-a,1!', '9-a,1!%20'])
      expect(namesOfText(odd, '9-a'), String(odd)).toEqual([]);
    expect(namesOfText('9-a,1!%,1!b', '9-a')).toEqual([{ point: 1, name: 'b' }]);
  });
});

describe('a state without a picture', () => {
  it('is drawn as bars from zero, each on the scale of its number', () => {
    const reaches = [reachOf([-2, 2, NaN]), reachOf([1, 5, Infinity]), reachOf([NaN]), reachOf([3, 3])];
    expect(reaches).toEqual([[-2, 2], [1, 5], null, [3, 3]]);
    const bars = barsOf([-1, 5, 1, 3], reaches);
    expect(bars.map(({ left, isAbove }) => [left, isAbove])).toEqual([
      [0, false],
      [0.25, true],
      [0.75, true],
    ]);
    // −1 of −2 to 2: from the middle down by a quarter. 5 of 1 to 5: all of it, zero lies below.
    expect([bars[0].top, bars[0].height]).toEqual([0.5, 0.25]);
    expect([bars[1].top, bars[1].height]).toEqual([0, 1]);
    expect(bars[2].height).toBeLessThan(0.1);
    for (const bar of bars) expect(bar.top >= 0 && bar.top + bar.height <= 1).toBe(true);
    expect(barsOf([NaN], [[0, 1]])).toEqual([]);
  });
});

describe('samples', () => {
  const tensor = (axis: 'sample' | 'step', tag: string) => ({
    axis,
    tag,
    kind: 'tensor' as const,
    count: 1,
  });

  it('are named by the tensors on the sample axis', () => {
    const tensors = [
      tensor('sample', 'samples/space-1000/observation'),
      tensor('sample', 'samples/space-200/logits'),
      tensor('sample', 'samples/space-1000/logits'),
      tensor('step', 'samples/no/logits'),
      tensor('sample', 'other/no/logits'),
      tensor('sample', 'samples/alone'),
    ];
    expect(samplesOf(tensors)).toEqual(['space-200', 'space-1000']);
  });

  it('of the same states follow each other by the number at the end', () => {
    const names = ['space-1000', 'space-0', 'dataset-3', 'space-200', 'mine'];
    expect(seriesOf(names, 'space-200').map(({ step }) => step)).toEqual([0, 200, 1000]);
    expect(seriesOf(names, 'dataset-3')).toHaveLength(1);
    expect(seriesOf(names, 'mine')).toEqual([]);
  });

  it('are a source in place of episodes', () => {
    const spec = specOf(paramsOf({ samples: 'space-0', only: 'a:1' }));
    expect(requestOf(spec, ['a'], 'observation', spec.samples).sources).toEqual([
      { run: 'a', samples: 'space-0' },
    ]);
  });

  it('are as opaque as the policy is sure, on a scale that is the same on every map', () => {
    expect([...bytesBy([0.5, NaN, 1], 28, 255, 14, [0, 1])]).toEqual([142, 14, 255]);
    expect([...bytesBy([0.5, NaN, 1], 28, 255, 14)]).toEqual([28, 14, 255]);
  });
});
