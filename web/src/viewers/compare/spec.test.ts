import { describe, expect, it } from 'vitest';

import { paramsOf, specOf } from './spec';

const spec = (params: Record<string, string>) => specOf((name) => params[name] ?? null);

describe('specOf', () => {
  it('reads what paramsOf writes', () => {
    const members = [
      { run: 'A', episode: 3, offset: 0 },
      { run: 'B', episode: 0, offset: -12 },
    ];
    const { of, offset } = paramsOf(members);
    expect(spec({ of: of!, offset: offset! }).members).toEqual(members);
    expect(paramsOf([]).of).toBeNull();
  });

  it('leaves out what is no episode and more than four', () => {
    const { members } = spec({ of: 'A:1,nonsense,B:x,:2,A:1,A:2,A:3,A:4', offset: '1e9,0.5' });
    expect(members.map(({ episode }) => episode)).toEqual([1, 1, 2, 3]);
    expect(members.every(({ offset }) => offset === 0)).toBe(true);
  });

  it('takes what is usual for anything odd', () => {
    expect(spec({ by: 'moon', nth: '-1', speed: '1e9' })).toMatchObject({
      members: [],
      lock: 'step',
      event: 'reward',
      nth: 1,
      tracks: null,
      speed: 1,
    });
  });
});
