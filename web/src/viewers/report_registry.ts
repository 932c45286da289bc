import { replay } from './replay/viewer';
import { report } from './report/viewer';
import { training } from './training/viewer';

import type { Viewer } from './viewer';

/** The pages of a static report; the first is home. */
export const REPORT_VIEWERS: readonly Viewer[] = [report, training, replay];
