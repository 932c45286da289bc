import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Events, RETRY_MS, SILENCE_MS, type Connection } from './events';

/** A stream that the test speaks through. */
class FakeStream {
  closed = false;
  onerror: (() => void) | null = null;
  readonly #listeners: [string, (event: { data: string }) => void][] = [];

  addEventListener(name: string, listener: (event: { data: string }) => void) {
    this.#listeners.push([name, listener]);
  }

  close() {
    this.closed = true;
  }

  say(name: string, data: unknown = {}) {
    const event = { data: typeof data === 'string' ? data : JSON.stringify(data) };
    this.#listeners.filter(([heard]) => heard === name).forEach(([, listener]) => listener(event));
  }

  fail() {
    this.onerror?.();
  }
}

function setUp() {
  const streams: FakeStream[] = [];
  const events = new Events(() => {
    streams.push(new FakeStream());
    return streams.at(-1) as never;
  });
  const seen: Connection[] = [];
  events.watch((connection) => seen.push(connection));
  const notices = { revision: vi.fn(), runs: vi.fn() };
  events.listen(notices);
  return { events, streams, seen, notices };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Events', () => {
  it('passes notices on', () => {
    const { events, streams, seen, notices } = setUp();
    events.connect();
    events.connect();
    expect(streams).toHaveLength(1);
    streams[0].say('hello', { runs: [] });
    streams[0].say('revision', { run: 'a', revision: 7, state: 'running' });
    streams[0].say('runs');
    expect(seen).toEqual(['idle', 'live']);
    expect(notices.revision).toHaveBeenCalledExactlyOnceWith({ run: 'a', revision: 7, state: 'running' });
    expect(notices.runs).toHaveBeenCalledTimes(2);
  });

  it('takes a long silence for a line that is cut, and opens another', () => {
    const { events, streams, seen } = setUp();
    events.connect();
    streams[0].say('hello', { runs: [] });
    for (let quiet = 0; quiet < 4; quiet += 1) {
      vi.advanceTimersByTime(SILENCE_MS - 1);
      streams[0].say('alive');
    }
    expect(seen).toEqual(['idle', 'live']);
    vi.advanceTimersByTime(SILENCE_MS);
    expect(seen).toEqual(['idle', 'live', 'waiting']);
    expect(streams[0].closed).toBe(true);
    // The next one cannot even begin, and the one after it can.
    vi.advanceTimersByTime(RETRY_MS.first + SILENCE_MS);
    expect(streams.map((stream) => stream.closed)).toEqual([true, true]);
    vi.advanceTimersByTime(2 * RETRY_MS.first);
    streams[2].say('hello', { runs: [] });
    expect(seen).toEqual(['idle', 'live', 'waiting', 'live']);
    events.disconnect();
    vi.advanceTimersByTime(10 * SILENCE_MS);
    expect(streams).toHaveLength(3);
  });

  it('tells what people wrote, and after a gap that anything may have changed', () => {
    const { events, streams } = setUp();
    const heard: string[] = [];
    events.listen({
      runs: () => {},
      revision: () => {},
      notes: (run) => heard.push(`notes ${run}`),
      layouts: (project) => heard.push(`layouts ${project}`),
    });
    events.connect();
    streams[0].say('hello', { runs: [] });
    streams[0].say('notes', { run: 'a' });
    streams[0].say('layouts', { project: 'pong' });
    for (const data of ['', 'null', '{"run":1}', '[']) {
      expect(() => streams[0].say('notes', data)).not.toThrow();
      expect(() => streams[0].say('layouts', data)).not.toThrow();
    }
    expect(heard).toEqual(['notes null', 'layouts null', 'notes a', 'layouts pong']);
  });

  it('passes over notices that are none', () => {
    const { events, streams, notices } = setUp();
    events.connect();
    for (const data of ['', 'null', '{"run":1}', '{"run":"a"}', '['])
      expect(() => streams[0].say('revision', data)).not.toThrow();
    expect(notices.revision).not.toHaveBeenCalled();
  });

  it('comes back after a failure, waits longer each time, and then asks what it missed', () => {
    const { events, streams, seen, notices } = setUp();
    events.connect();
    streams[0].say('hello');
    notices.runs.mockClear();
    const waits: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      streams.at(-1)!.fail();
      const before = streams.length;
      let waited = 0;
      while (streams.length === before && waited < 60_000) {
        vi.advanceTimersByTime(100);
        waited += 100;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(notices.runs).not.toHaveBeenCalled();
    streams.at(-1)!.say('hello');
    expect(notices.runs).toHaveBeenCalledTimes(1);
    expect(seen).toEqual(['idle', 'live', 'waiting', 'live']);
    streams.at(-1)!.fail();
    vi.advanceTimersByTime(RETRY_MS.first);
    expect(streams.at(-1)!.closed).toBe(false);
    expect(streams.slice(0, -1).every((stream) => stream.closed)).toBe(true);
  });

  it('stays closed once nobody looks, also when a retry was due', () => {
    const { events, streams, seen } = setUp();
    events.connect();
    streams[0].fail();
    events.disconnect();
    vi.advanceTimersByTime(60_000);
    expect(streams).toHaveLength(1);
    expect(seen.at(-1)).toBe('idle');
    // An error of a stream that was left says nothing any more.
    streams[0].fail();
    expect(seen.at(-1)).toBe('idle');
  });
});
