import { describe, expect, it } from 'vitest';

import type { Glyph } from '../ui/glyph';
import { glyphNamed, glyphsOf } from './action_glyphs';

const stick = (x: number, y: number, ...buttons: string[]): Glyph => ({ kind: 'stick', x, y, buttons });

describe('A-6: glyphs of actions', () => {
  const ALE: [string, Glyph][] = [
    ['NOOP', stick(0, 0)],
    ['FIRE', stick(0, 0, 'fire')],
    ['UP', stick(0, -1)],
    ['RIGHT', stick(1, 0)],
    ['LEFT', stick(-1, 0)],
    ['DOWN', stick(0, 1)],
    ['UPRIGHT', stick(1, -1)],
    ['UPLEFT', stick(-1, -1)],
    ['DOWNRIGHT', stick(1, 1)],
    ['DOWNLEFT', stick(-1, 1)],
    ['UPFIRE', stick(0, -1, 'fire')],
    ['RIGHTFIRE', stick(1, 0, 'fire')],
    ['LEFTFIRE', stick(-1, 0, 'fire')],
    ['DOWNFIRE', stick(0, 1, 'fire')],
    ['UPRIGHTFIRE', stick(1, -1, 'fire')],
    ['UPLEFTFIRE', stick(-1, -1, 'fire')],
    ['DOWNRIGHTFIRE', stick(1, 1, 'fire')],
    ['DOWNLEFTFIRE', stick(-1, 1, 'fire')],
  ];

  it('all 18 of the Arcade Learning Environment', () => {
    expect(glyphsOf(ALE.map(([name]) => name))).toEqual(ALE.map(([, glyph]) => glyph));
    expect(new Set(ALE.map(([, glyph]) => JSON.stringify(glyph))).size).toBe(18);
  });

  it('the minimal set of a game, and names with separators', () => {
    expect(glyphsOf(['NOOP', 'FIRE', 'RIGHT', 'LEFT'])).toEqual([
      stick(0, 0),
      stick(0, 0, 'fire'),
      stick(1, 0),
      stick(-1, 0),
    ]);
    expect(glyphsOf(['NOOP', 'UP_RIGHT_FIRE'])[1]).toEqual(stick(1, -1, 'fire'));
  });

  it('Procgen: combinations and single keys', () => {
    const names = [
      'LEFT+DOWN',
      'LEFT',
      'LEFT+UP',
      'DOWN',
      '',
      'UP',
      'RIGHT+DOWN',
      'RIGHT',
      'RIGHT+UP',
    ].concat(['D', 'A', 'W', 'S', 'Q', 'E']);
    const keys = ['D', 'A', 'W', 'S', 'Q', 'E'].map((key) => stick(0, 0, key));
    expect(glyphsOf(names)).toEqual(
      [stick(-1, 1), stick(-1, 0), stick(-1, -1), stick(0, 1), stick(0, 0), stick(0, -1)].concat(
        [stick(1, 1), stick(1, 0), stick(1, -1)],
        keys,
      ),
    );
    expect(glyphsOf(["('LEFT', 'DOWN')", "('D',)", '()'])).toEqual([
      stick(-1, 1),
      stick(0, 0, 'D'),
      stick(0, 0),
    ]);
  });

  it.each<[string, string[], Glyph[]]>([
    [
      'a grid world',
      ['up', 'right', 'down', 'left'],
      [
        { kind: 'arrow', x: 0, y: -1 },
        { kind: 'arrow', x: 1, y: 0 },
        { kind: 'arrow', x: 0, y: 1 },
        { kind: 'arrow', x: -1, y: 0 },
      ],
    ],
    [
      'turns beside forward',
      ['left', 'right', 'forward', 'pickup', 'toggle'],
      [
        { kind: 'turn', x: -1 },
        { kind: 'turn', x: 1 },
        { kind: 'arrow', x: 0, y: -1 },
        { kind: 'chip', text: 'PI' },
        { kind: 'chip', text: 'TO' },
      ],
    ],
    [
      'a lander',
      ['nothing', 'left engine', 'main engine', 'right engine'],
      [
        { kind: 'none' },
        { kind: 'engines', left: true, main: false, right: false },
        { kind: 'engines', left: false, main: true, right: false },
        { kind: 'engines', left: false, main: false, right: true },
      ],
    ],
    [
      'a car',
      ['accelerate left', 'nothing', 'accelerate right'],
      [{ kind: 'arrow', x: -1, y: 0 }, { kind: 'none' }, { kind: 'arrow', x: 1, y: 0 }],
    ],
    [
      'no names',
      ['action 0', 'action 12'],
      [
        { kind: 'chip', text: '0' },
        { kind: 'chip', text: '12' },
      ],
    ],
    ['a name that is markup', ['<img src=x>'], [{ kind: 'chip', text: 'ISX' }]],
  ])('%s', (_, names, expected) => expect(glyphsOf(names)).toEqual(expected));

  it('U-21: the run says otherwise for single actions', () => {
    expect(glyphsOf(['jump', 'up', 'down'], ['keys:A+LEFT', '', 'nonsense'])).toEqual([
      stick(-1, 0, 'A'),
      { kind: 'arrow', x: 0, y: -1 },
      { kind: 'arrow', x: 0, y: 1 },
    ]);
  });

  it.each<[string, Glyph | null]>([
    ['joystick:up-right+fire', stick(1, -1, 'fire')],
    ['arrow:down-left', { kind: 'arrow', x: -1, y: 1 }],
    ['arrow:fire', null],
    ['turn:left', { kind: 'turn', x: -1 }],
    ['engine:main+right', { kind: 'engines', left: false, main: true, right: true }],
    ['chip:JUMP', { kind: 'chip', text: 'JUM' }],
    ['none', { kind: 'none' }],
    ['wheel:left', null],
    ['', null],
  ])('notation %s', (text, expected) => expect(glyphNamed(text)).toEqual(expected));
});
