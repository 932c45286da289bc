import { describe, expect, it } from 'vitest';

import { formatAxes, moved, parseAxes, toggled, type AxesSpec } from './axes_spec';

const parse = (params: Record<string, string | null>) => parseAxes((name) => params[name] ?? null);

describe('the address of parallel coordinates', () => {
  it('says nothing of what nobody chose, and leaves out what is odd', () => {
    expect(formatAxes(parse({}))).toEqual({ axes: null, flip: null, range: null });
    const odd = parse({ range: 'lr,lr:n,lr:n:1,lr:n:5:1,lr:n:x:1,lr:n::1,lr:w,lr:q:1:2,%:n:1:2' });
    expect([...odd.ranges]).toEqual([['%', { from: 1, to: 2 }]]);
    expect(parse({ axes: '' }).axes).toEqual([]);
  });

  it('comes back as it was written, whatever is in names', () => {
    const spec: AxesSpec = {
      axes: ['optimizer.lr', 'a,b:c%', 'net'],
      flipped: ['net'],
      ranges: new Map([
        ['optimizer.lr', { from: -1e-7, to: 1e21 }],
        ['a,b:c%', { words: ['x:y', 'z,', ''] }],
      ]),
    };
    expect(parse(formatAxes(spec))).toEqual(spec);
  });

  it('axes come and go, and move as far as there are places', () => {
    expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
    expect(toggled(['b'], 'a')).toEqual(['b', 'a']);
    expect(moved(['a', 'b', 'c'], 'c', -1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b', 'c'], 'a', 9)).toEqual(['b', 'c', 'a']);
    expect(moved(['a'], 'gone', 1)).toEqual(['a']);
  });
});
