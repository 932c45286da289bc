import { expect, it } from 'vitest';

import type { Layout } from './layout';
import { draftOf, LayoutEditor } from './layout_editor.svelte';

const kinds = (editor: LayoutEditor) => editor.layout.map(({ kind }) => kind).join(' ');
const BASE: Layout = [{ id: 'p1', kind: 'run_card', title: '', box: { x: 0, y: 0, w: 4, h: 6 }, spec: {} }];

it('takes back every change and does it again, and knows when nothing is left', () => {
  const editor = new LayoutEditor();
  editor.open(BASE);
  expect([editor.canUndo, editor.canRedo, editor.edited]).toEqual([false, false, false]);
  const id = editor.add({ ...draftOf('text'), title: 'Mine' });
  editor.duplicate(id);
  editor.remove('p1');
  expect(kinds(editor)).toBe('text text');
  editor.undo();
  editor.undo();
  expect(kinds(editor)).toBe('run_card text');
  editor.redo();
  expect(kinds(editor)).toBe('run_card text text');
  editor.edit(id, { kind: 'text', title: 'Other', spec: {} });
  expect(editor.canRedo).toBe(false);
  for (let i = 0; i < 9; i += 1) editor.undo();
  expect([kinds(editor), editor.edited, editor.canUndo]).toEqual(['run_card', false, false]);
});

it('moves and resizes by keys, each press one change', () => {
  const editor = new LayoutEditor();
  editor.open(BASE);
  editor.nudge('p1', 'right');
  editor.reshape('p1', { ...editor.layout[0].box, w: 6 });
  expect(editor.layout[0].box).toEqual({ x: 1, y: 0, w: 6, h: 6 });
  editor.nudge('p1', 'up');
  editor.undo();
  editor.undo();
  expect(editor.layout[0].box).toEqual(BASE[0].box);
});

it('follows a default that grows until somebody changes something', () => {
  const editor = new LayoutEditor();
  editor.open([]);
  editor.follow(BASE);
  expect([kinds(editor), editor.edited, editor.canUndo]).toEqual(['run_card', false, false]);
  editor.remove('p1');
  editor.follow([...BASE, { ...BASE[0], id: 'p2', kind: 'text' }]);
  expect(kinds(editor)).toBe('');
});
