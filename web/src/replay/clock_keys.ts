import type { Shortcut } from '../state/keys.svelte';
import type { ScreenClock } from './screen_clock.svelte';

/** The keys of a clock, the same on every page that has one. */
export function clockKeys(clock: ScreenClock, group: string): Shortcut[] {
  const key = (keys: string, doc: string, run: () => void): Shortcut => ({ keys, doc, group, run });
  return [
    key(' ', 'Play or pause', () => clock.toggle()),
    key('k', 'Play or pause', () => clock.toggle()),
    key('ArrowLeft', 'Step back', () => clock.nudge(-1)),
    key('ArrowRight', 'Step', () => clock.nudge(1)),
    key('shift+ArrowLeft', 'Ten steps back', () => clock.nudge(-10)),
    key('shift+ArrowRight', 'Ten steps', () => clock.nudge(10)),
    key('Home', 'Restart', () => clock.seek(0)),
    key('End', 'To the end', () => clock.nudge(Infinity)),
    key(',', 'Slower', () => clock.changeSpeed(-1)),
    key('.', 'Faster', () => clock.changeSpeed(1)),
    key('l', 'Start again at the end, or stop there', () => clock.setLoops(!clock.loops)),
  ];
}
