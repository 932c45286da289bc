import { SvelteMap } from 'svelte/reactivity';
import { expect, it, vi } from 'vitest';

import { Client } from '../../../api/client';
import { withSet } from './edit_list';
import { Surgery } from './surgery.svelte';

/** A panel whose address is a map. */
function opened(edit?: string) {
  const params = new SvelteMap<string, string>(edit === undefined ? [] : [['edit', edit]]);
  const address = {
    param: (name: string) => params.get(name) ?? null,
    set: (patch: Record<string, string | null>) => {
      for (const [name, value] of Object.entries(patch)) {
        if (value === null) params.delete(name);
        else params.set(name, value);
      }
    },
  };
  const source = { json: vi.fn(), bytes: vi.fn(), tagged: vi.fn(), lines: vi.fn(), stream: vi.fn() };
  return { params, surgery: new Surgery(new Client(source), 'run', 3, address) };
}

it('keeps its edits in the address, and takes them back one gesture at a time', () => {
  const { params, surgery } = opened();
  const set = (element: number, value: number, gesture: string | null = null) =>
    surgery.change(withSet(surgery.edits, 'observation', element, value), gesture);
  set(1, 0.5);
  // A drag is one step back, however far it went.
  for (const value of [1, 2, 3]) set(2, value, 'a drag');
  surgery.settle();
  set(2, 4, 'a drag');
  expect(params.get('edit')).toBe('e1:0.5!e2:4');
  surgery.undo();
  expect(params.get('edit')).toBe('e1:0.5!e2:3');
  surgery.undo();
  expect(params.get('edit')).toBe('e1:0.5');
  surgery.redo();
  expect(params.get('edit')).toBe('e1:0.5!e2:3');
  surgery.undo();
  surgery.undo();
  expect(params.has('edit')).toBe(false);
  expect(surgery.canUndo).toBe(false);
  // What is done now cannot be followed by what was taken back.
  set(0, 1);
  expect(surgery.canRedo).toBe(false);
});

it('follows the address, and says when it cannot be read', () => {
  const { params, surgery } = opened('e1:0.5');
  expect(surgery.edits).toHaveLength(1);
  params.set('edit', 'nonsense');
  expect(surgery.edits).toEqual([]);
  expect(surgery.isOdd).toBe(true);
  params.set('surgery', 'why');
  expect(surgery.part).toBe('why');
  params.set('surgery', 'else');
  expect(surgery.part).toBe('edit');
  surgery.show(null);
  expect(surgery.part).toBeNull();
});
