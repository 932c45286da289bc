import { nextSpeed } from '../../replay/clock';
import type { Shortcut } from '../../state/keys.svelte';
import type { Player } from './player.svelte';

/** What the keys of an open episode do beyond moving its player. */
export interface KeyDeeds {
  film: () => void;
  report: () => void;
  toggleWhy: () => void;
  toggleSurgery: () => void;
  toggleFeatures: () => void;
  /** Goes to the end, and stays there while the episode is live. */
  toEnd: () => void;
  focusStep: () => void;
  toReward: (by: 1 | -1) => void;
  /** Opens the recorded episode before (−1) or after (+1). */
  toNeighbour: (by: 1 | -1) => void;
  compare: () => void;
  /** Which deeds need a server, and have none. */
  isReport: boolean;
}

/** Keys of what only a server can do. */
const SERVED: readonly string[] = ['v', 'shift+v', 'w', 'c'];

/** The keys of an open episode, in the order of the dialog that lists them. */
export function replayKeys(player: Player, deeds: KeyDeeds): Shortcut[] {
  const key =
    (group: string) =>
    (keys: string, doc: string, run: () => void): Shortcut => ({ keys, doc, group, run });
  const [playing, going] = [key('Replay: playing'), key('Replay: going to')];
  const all = [
    playing(' ', 'Play or pause', () => player.toggle()),
    playing('shift+ ', 'Play backwards or pause', () => player.toggle(player.playing ? undefined : -1)),
    playing('r', 'Play the other way', () => player.change({ direction: player.direction > 0 ? -1 : 1 })),
    playing(',', 'Slower', () => player.change({ speed: nextSpeed(player.speed, -1) })),
    playing('.', 'Faster', () => player.change({ speed: nextSpeed(player.speed, 1) })),
    playing('l', 'Loop', () => player.change({ loop: player.loop ? null : 'all' })),
    playing('v', 'Save a video', () => deeds.film()),
    playing('shift+v', 'Save a page that opens without a server', () => deeds.report()),
    playing('s', 'Saliency: where the policy looked', () => deeds.toggleWhy()),
    playing('shift+f', 'Features of a layer over the observation', () => deeds.toggleFeatures()),
    playing('w', 'What if: edit what the policy receives', () => deeds.toggleSurgery()),
    going('ArrowLeft', 'Step back', () => player.nudge(-1)),
    going('ArrowRight', 'Step', () => player.nudge(1)),
    going('shift+ArrowLeft', 'Ten steps back', () => player.nudge(-10)),
    going('shift+ArrowRight', 'Ten steps', () => player.nudge(10)),
    going('Home', 'First step', () => player.nudge(-Infinity)),
    going('End', 'Last step; of a live episode, stay there', () => deeds.toEnd()),
    going('g s', 'A step by its number', () => deeds.focusStep()),
    going('n', 'Next reward', () => deeds.toReward(1)),
    going('shift+n', 'Reward before', () => deeds.toReward(-1)),
    going('[', 'Recorded episode before', () => deeds.toNeighbour(-1)),
    going(']', 'Recorded episode after', () => deeds.toNeighbour(1)),
    going('c', 'Compare with another episode', () => deeds.compare()),
  ];
  return deeds.isReport ? all.filter(({ keys }) => !SERVED.includes(keys)) : all;
}
