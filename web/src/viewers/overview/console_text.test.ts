import { describe, expect, it } from 'vitest';

import { columnsOf } from '../../api/column_rows';
import type { Column, Columns } from '../../api/columns';
import { ConsoleText, linesWith } from './console_text';

function answer(...pieces: [step: number, text: string][]): Columns {
  const column = (name: string, data: Column['data']): Column => ({
    name,
    dtype: data instanceof Uint8Array ? 'uint8' : 'float64',
    shape: [data.length],
    rows: data.length,
    data,
    valid: null,
    text: null,
  });
  return columnsOf({}, [
    column(
      'step',
      Float64Array.from(pieces, ([step]) => step),
    ),
    ...pieces.map(([, text], row) => column(`row/${row}`, new TextEncoder().encode(text))),
  ]);
}

describe('B-2: what a script printed', () => {
  it('is lines, also where a line came in two pieces', () => {
    const text = new ConsoleText();
    text.take(answer([1000, 'one\ntw'], [6000, 'o\n\nthree']));
    expect(text.lines).toEqual(['one', 'two', '', 'three']);
    text.take(answer([11_000, ' goes on\n']));
    expect(text.lines).toEqual(['one', 'two', '', 'three goes on']);
    text.take(answer([16_000, 'four\n']));
    expect(text.lines.at(-1)).toBe('four');
    expect(text.next).toBe(16_001);
  });

  it('takes no piece twice', () => {
    const text = new ConsoleText();
    text.take(answer([1, 'a\n'], [2, 'b\n']));
    text.take(answer([2, 'b\n'], [3, 'é\n']));
    expect(text.lines).toEqual(['a', 'b', 'é']);
    text.take(answer());
    expect(text.lines).toHaveLength(3);
  });

  it('is searched whatever the case', () => {
    expect(linesWith(['Loss 1', 'reward', 'LOSS 2'], 'loss')).toEqual(['Loss 1', 'LOSS 2']);
    expect(linesWith(['a'], '')).toEqual(['a']);
  });
});
