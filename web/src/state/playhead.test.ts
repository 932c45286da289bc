import { describe, expect, it } from 'vitest';

import { MemoryAddress } from '../../testing/memory_address';
import { Playhead } from './playhead.svelte';
import { Router } from './router.svelte';

function at(hash: string) {
  const address = new MemoryAddress(hash);
  const router = new Router(address, 'runs');
  return { address, router, playhead: new Playhead(router) };
}

describe('Playhead', () => {
  it('is what the address says', () => {
    const { playhead } = at('#/replay?run=01J&episode=3&step=412&target=value&checkpoint=80000&layer=conv3');
    expect(playhead).toMatchObject({
      run: '01J',
      episode: 3,
      step: 412,
      target: 'value',
      checkpoint: 80000,
      layer: 'conv3',
    });
  });

  it.each(['-1', '1.5', '', 'x', 'NaN', '9'.repeat(16)])('takes %j for no step', (step) => {
    expect(at(`#/replay?step=${step}&episode=${step}`).playhead).toMatchObject({ step: 0, episode: null });
  });

  it('replaces for a step and pushes for an episode', () => {
    const { address, router, playhead } = at('#/replay?run=a&episode=0');
    playhead.move({ step: 5 });
    router.flush();
    expect(address.entries).toEqual(['#/replay?run=a&episode=0&step=5']);
    playhead.move({ episode: 1 });
    expect(address.entries).toEqual(['#/replay?run=a&episode=0&step=5', '#/replay?run=a&episode=1']);
    address.travel(-1);
    expect(playhead).toMatchObject({ episode: 0, step: 5 });
  });

  it('starts an episode at its first step and a run at none of its episodes, unless told otherwise', () => {
    const { playhead } = at('#/replay?run=a&episode=4&step=9&target=value');
    playhead.move({ episode: 4 });
    expect(playhead.step).toBe(9);
    playhead.move({ episode: 5 });
    expect(playhead.step).toBe(0);
    playhead.move({ episode: 6, step: 2 });
    expect(playhead.step).toBe(2);
    playhead.move({ run: 'b' });
    expect(playhead).toMatchObject({ run: 'b', episode: null, step: 0, target: 'value' });
  });

  it('leaves defaults out of links', () => {
    const { playhead } = at('#/training?filter=x');
    expect(playhead.href('replay', { run: 'a', episode: 0, step: 0 })).toBe('#/replay?run=a&episode=0');
    playhead.open('replay', { run: 'a', episode: 2, step: 7.6 });
    expect(playhead).toMatchObject({ run: 'a', episode: 2, step: 8 });
  });
});
