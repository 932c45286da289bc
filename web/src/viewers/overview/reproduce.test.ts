import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { RunInfo } from '../../api/wire';
import { canReproduce, reproduceScript } from './reproduce';

interface Case {
  name: string;
  info: RunInfo;
  script: string[];
}

/** What `ethogram reproduce` prints, which `python/tests/test_reproduce.py` tests with the same cases. */
const cases = JSON.parse(
  readFileSync(new URL('../../../../python/tests/reproduce.json', import.meta.url), 'utf8'),
) as Case[];

describe('B-2: N-28: the script that makes a run again', () => {
  it.each(cases)('is that of the command: $name', ({ info, script }) => {
    expect(reproduceScript(info).split('\n')).toEqual(script);
  });

  it('is not offered for a run that does not say how it was started', () => {
    const info = { project: 'p', id: '1', name: 'n', code: null, command: [], system: {} };
    expect(canReproduce(info)).toBe(false);
    expect(cases.map((one) => canReproduce(one.info))).toEqual(cases.map(() => true));
  });
});
