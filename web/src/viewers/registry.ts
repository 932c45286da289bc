import { benchmark } from './benchmark/viewer';
import { compare } from './compare/viewer';
import { episodes } from './episodes/viewer';
import { events } from './events/viewer';
import { features } from './features/viewer';
import { gallery } from './gallery/viewer';
import { network } from './network/viewer';
import { overview } from './overview/viewer';
import { replay } from './replay/viewer';
import { runs } from './runs/viewer';
import { states } from './states/viewer';
import { training } from './training/viewer';

import type { Viewer } from './viewer';

/** All viewers in the order of the navigation. A new one is a folder and a line here; the first is home. */
export const VIEWERS: readonly Viewer[] = [
  runs,
  overview,
  training,
  episodes,
  events,
  gallery,
  compare,
  replay,
  states,
  features,
  network,
  benchmark,
];
