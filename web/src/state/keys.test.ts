import { describe, expect, it, vi } from 'vitest';

import { Keys, nameOf } from './keys.svelte';

function press(keys: Keys, key: string, over: Partial<KeyboardEvent> = {}) {
  const event = {
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    target: null,
    timeStamp: 0,
    preventDefault: vi.fn(),
    ...over,
  } as unknown as KeyboardEvent;
  keys.handle(event);
  return event.preventDefault as ReturnType<typeof vi.fn>;
}

const shortcut = (keys: string, run: () => void) => ({ keys, run, doc: keys, group: 'Test' });

it.each([
  [{ key: '?', shiftKey: true }, '?'],
  [{ key: 'T', shiftKey: true }, 'shift+t'],
  [{ key: 'ArrowLeft', shiftKey: true }, 'shift+ArrowLeft'],
  [{ key: ' ' }, ' '],
  [{ key: 'k', metaKey: true }, 'ctrl+k'],
  [{ key: 'Home' }, 'Home'],
])('names %j %j', (event, name) => {
  expect(nameOf({ shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...event })).toBe(name);
});

describe('Keys', () => {
  it('runs the newest shortcut for a key, and the older one again once that is gone', () => {
    const [older, newer] = [vi.fn(), vi.fn()];
    const keys = new Keys();
    keys.bind(shortcut('/', older));
    const unbind = keys.bind(shortcut('/', newer));
    expect(press(keys, '/')).toHaveBeenCalled();
    unbind();
    press(keys, '/');
    expect([older.mock.calls.length, newer.mock.calls.length]).toEqual([1, 1]);
  });

  it('waits a moment for the second key of two', () => {
    const run = vi.fn();
    const keys = new Keys();
    keys.bind(shortcut('g t', run));
    press(keys, 'g', { timeStamp: 0 });
    press(keys, 't', { timeStamp: 500 });
    expect(run).toHaveBeenCalledTimes(1);
    press(keys, 'g', { timeStamp: 1000 });
    press(keys, 't', { timeStamp: 9000 });
    press(keys, 't', { timeStamp: 9100 });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('leaves keys alone that nobody bound, and all of them when switched off', () => {
    const run = vi.fn();
    const keys = new Keys();
    keys.bind(shortcut('r', run));
    expect(press(keys, 'r', { ctrlKey: true })).not.toHaveBeenCalled();
    keys.enable(false);
    expect(press(keys, 'r')).not.toHaveBeenCalled();
    expect(run).not.toHaveBeenCalled();
  });
});
