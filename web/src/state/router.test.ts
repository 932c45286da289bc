import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { MemoryAddress } from '../../testing/memory_address';
import { formatPlace, parsePlace } from './address';
import { BURST_MAX, QUIET_MS, REPLACE_INTERVAL_MS, Router } from './router.svelte';

describe('places', () => {
  it.each([
    ['', '', {}],
    ['#', '', {}],
    ['#/runs', 'runs', {}],
    ['#/replay?run=01J&step=4', 'replay', { run: '01J', step: '4' }],
    ['#/training?filter=loss%5C/.%2A&runs=a,b', 'training', { filter: 'loss\\/.*', runs: 'a,b' }],
    ['#/x?&=1&a&b=%zz&c=1=2', 'x', { a: '', b: '%zz', c: '1=2' }],
    ['#/x?q=two+words', 'x', { q: 'two words' }],
  ])('reads %j', (hash, page, params) => {
    const place = parsePlace(hash);
    expect([place.page, Object.fromEntries(place.params)]).toEqual([page, params]);
  });

  it('reads back what it writes, whatever the text', () => {
    const texts = ['', 'a b', 'a+b', '100%', 'q=1&r=2#3', 'é世🙂', '^loss/(td|kl)$', 'a,b:c/d'];
    for (const text of texts) {
      const place = parsePlace(formatPlace('training', [['filter', text]]));
      expect(place.params.get('filter'), text).toBe(text);
    }
  });
});

describe('Router', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('opens home for an empty address and the page that the address names', () => {
    expect(new Router(new MemoryAddress(), 'runs').page).toBe('runs');
    const router = new Router(new MemoryAddress('#/replay?run=a'), 'runs');
    expect([router.page, router.param('run'), router.param('step')]).toEqual(['replay', 'a', null]);
  });

  it('takes shared parameters along and leaves the page’s own behind', () => {
    const address = new MemoryAddress('#/training?runs=a,b&filter=loss');
    const router = new Router(address, 'runs');
    router.go('replay', { run: 'a', episode: '3' });
    expect(address.entries).toEqual(['#/training?runs=a,b&filter=loss', '#/replay?runs=a,b&run=a&episode=3']);
    expect(router.param('filter')).toBeNull();
    expect(router.href('training')).toBe('#/training?runs=a,b&run=a&episode=3');
  });

  it('follows Back and Forward', () => {
    const address = new MemoryAddress('#/runs');
    const router = new Router(address, 'runs');
    router.go('replay', { run: 'a' });
    address.travel(-1);
    expect([router.page, router.param('run')]).toEqual(['runs', null]);
    address.travel(1);
    expect([router.page, router.param('run')]).toEqual(['replay', 'a']);
  });

  it('writes steps at most once a second, the last one always', () => {
    const address = new MemoryAddress('#/replay');
    const write = vi.spyOn(address, 'write');
    const router = new Router(address, 'runs');
    for (let step = 1; step <= 120; step += 1) {
      router.set({ step: String(step) });
      expect(router.param('step')).toBe(String(step));
      vi.advanceTimersByTime(1000 / 60);
    }
    expect(write.mock.calls.length).toBeLessThanOrEqual(3);
    vi.advanceTimersByTime(REPLACE_INTERVAL_MS);
    expect(address.entries).toEqual(['#/replay?step=120']);
    const count = write.mock.calls.length;
    vi.advanceTimersByTime(10 * REPLACE_INTERVAL_MS);
    expect(write).toHaveBeenCalledTimes(count);
  });

  it('writes a change of its own at once, as long as the browser would take them', () => {
    const address = new MemoryAddress('#/replay');
    const write = vi.spyOn(address, 'write');
    const router = new Router(address, 'runs');
    for (let choice = 1; choice <= BURST_MAX; choice += 1) {
      router.set({ side: String(choice) });
      expect(address.read()).toBe(`#/replay?side=${choice}`);
      vi.advanceTimersByTime(QUIET_MS);
    }
    write.mockClear();
    for (let waited = 0; waited < 30_000; waited += QUIET_MS) {
      router.set({ side: String(-waited) });
      vi.advanceTimersByTime(QUIET_MS);
    }
    expect(write.mock.calls.length).toBeLessThanOrEqual(BURST_MAX + 30_000 / REPLACE_INTERVAL_MS);
  });

  it('writes what is pending before it leaves, so that Back returns to it', () => {
    const address = new MemoryAddress('#/replay');
    const router = new Router(address, 'runs');
    router.set({ step: '1' });
    router.set({ step: '2' });
    router.go('runs');
    expect(address.entries).toEqual(['#/replay?step=2', '#/runs?step=2']);
    address.travel(-1);
    expect(router.param('step')).toBe('2');
  });

  it('writes what is pending before the page reloads', () => {
    const address = new MemoryAddress('#/replay');
    const router = new Router(address, 'runs');
    router.set({ step: '1' });
    router.set({ step: '2' });
    expect(address.read()).toBe('#/replay?step=1');
    address.leave();
    expect(address.read()).toBe('#/replay?step=2');
    router.dispose();
    router.set({ step: '3' });
    address.leave();
    expect(address.read()).toBe('#/replay?step=2');
  });

  it('drops what is pending when the address changes from outside', () => {
    const address = new MemoryAddress('#/replay?step=1');
    const router = new Router(address, 'runs');
    router.go('replay', { step: '5' });
    router.set({ step: '6' });
    address.travel(-1);
    vi.advanceTimersByTime(5 * REPLACE_INTERVAL_MS);
    expect([router.param('step'), address.read()]).toEqual(['1', '#/replay?step=1']);
  });
});
