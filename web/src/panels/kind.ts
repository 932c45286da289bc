import type { Component } from 'svelte';

import type { IconName } from '../ui/icons';
import { isWord, type FieldRef, type FieldSource } from './fields';
import type { Spec } from './layout';
import type { PanelMenu } from './panel_menu.svelte';

/** What of the logged fields fits. */
export interface FieldInput {
  name: string;
  label: string;
  from: readonly FieldSource[];
  /** Of the members of episodes, these only; all when left out. */
  members?: readonly string[];
  /** Also members of episodes that are words. */
  words?: boolean;
}

/** Whether a field fits. */
export function fits(input: FieldInput, field: FieldRef): boolean {
  if (!input.from.includes(field.from)) return false;
  if (field.from !== 'episode') return true;
  if (isWord(field)) return input.words ?? false;
  return !input.members || input.members.includes(field.name);
}

/** Something that a panel of a kind must be told. Forms, and the check of layouts from outside, are made from these. */
export type Input =
  /** One logged field, written as `formatField` does; empty when it may be left out and was. */
  | (FieldInput & { type: 'field'; optional?: boolean })
  /** Several. */
  | (FieldInput & { type: 'fields'; max: number })
  /** One of a few; the first when nobody chose. */
  | {
      name: string;
      label: string;
      type: 'choice';
      options: readonly (readonly [value: string, text: string])[];
    }
  | { name: string; label: string; type: 'number'; min: number; max: number; step: number; initial: number }
  | { name: string; label: string; type: 'text'; max: number; initial: string }
  | { name: string; label: string; type: 'switch'; initial: boolean };

/** What every panel is given; all else comes from `usePanels()`. */
export interface PanelProps {
  /** As `inputs` of its kind describe it; every input is there. */
  spec: Spec;
  /** As it stands above the panel, for screen readers. */
  title: string;
  /** Numbers in place of a picture. */
  asTable: boolean;
  /** The menu in its heading. */
  menu: PanelMenu;
  /** What it shows changes, as one step that can be taken back. */
  onspec: (patch: Spec) => void;
}

/** A kind of panel. It lives in a folder of its own, with a line in the registry. */
export interface PanelKind {
  /** As in saved layouts. */
  name: string;
  /** For people: `Line`. */
  title: string;
  /** What it is good for. */
  doc: string;
  icon: IconName;
  inputs: readonly Input[];
  /** Columns and rows of a new one. */
  size: readonly [number, number];
  /** What stands above it while nobody gave it a title. */
  titleOf(spec: Spec): string;
  /** It can show numbers in place of a picture. */
  hasTable?: boolean;
  /** Loads it, in a chunk of its own. */
  load(): Promise<{ default: Component<PanelProps> }>;
}
