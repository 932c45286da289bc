import { distribution } from './distribution/kind';
import { episode } from './episode/kind';
import { heatMap } from './heat_map/kind';
import { fits, type Input, type PanelKind } from './kind';
import { parseField, type FieldRef } from './fields';
import type { Panel, Spec, SpecValue } from './layout';
import { line } from './line/kind';
import { runCard } from './run_card/kind';
import { scatter } from './scatter/kind';
import { sound } from './sound/kind';
import { steps } from './steps/kind';
import { text } from './text/kind';

/** All kinds of panels in the order in which they are offered. A new one is a folder and a line here. */
export const PANEL_KINDS: readonly PanelKind[] = [
  line,
  scatter,
  distribution,
  heatMap,
  steps,
  episode,
  runCard,
  sound,
  text,
];

export function kindNamed(name: string): PanelKind | undefined {
  return PANEL_KINDS.find((kind) => kind.name === name);
}

/** Kinds that can show a field, and how they would begin. */
export function kindsFor(field: FieldRef): PanelKind[] {
  return PANEL_KINDS.filter((kind) => fieldInput(kind, field) !== undefined);
}

/** The first input of a kind that takes a field. */
export function fieldInput(kind: PanelKind, field: FieldRef): Input | undefined {
  return kind.inputs.find(
    (input) => (input.type === 'field' || input.type === 'fields') && fits(input, field),
  );
}

/** What a new panel of a kind shows. */
export function initialSpec(kind: PanelKind): Spec {
  return Object.fromEntries(kind.inputs.map((input) => [input.name, initialOf(input)]));
}

/** What is wrong with the spec of a panel from outside; null when its kind can show it. Members that are missing take their defaults. */
export function checked(panel: Panel): { spec: Spec; problem: null } | { spec: null; problem: string } {
  const kind = kindNamed(panel.kind);
  if (!kind) return { spec: null, problem: `This Ethogram has no panel of the kind “${panel.kind}”` };
  const spec: Record<string, SpecValue> = {};
  for (const input of kind.inputs) {
    const value = Object.hasOwn(panel.spec, input.name) ? panel.spec[input.name] : initialOf(input);
    const problem = problemOf(input, value);
    if (problem) return { spec: null, problem: `${input.label}: ${problem}` };
    spec[input.name] = value;
  }
  const unknown = Object.keys(panel.spec).find((name) => !kind.inputs.some((input) => input.name === name));
  if (unknown !== undefined) return { spec: null, problem: `A ${kind.title} panel has no “${unknown}”` };
  return { spec, problem: null };
}

function initialOf(input: Input): SpecValue {
  switch (input.type) {
    case 'field':
      return '';
    case 'fields':
      return [];
    case 'choice':
      return input.options[0][0];
    default:
      return input.initial;
  }
}

function problemOf(input: Input, value: SpecValue): string | null {
  const field = (text: string) => {
    const ref = parseField(text);
    if (!ref) return `“${text}” is no field`;
    const fitting = (input.type === 'field' || input.type === 'fields') && fits(input, ref);
    return fitting ? null : `“${ref.name}” does not fit here`;
  };
  switch (input.type) {
    case 'field':
      if (typeof value !== 'string') return 'expected a field';
      if (value === '') return input.optional ? null : 'choose a field';
      return field(value);
    case 'fields':
      if (!Array.isArray(value)) return 'expected a list of fields';
      if (value.length === 0) return 'choose a field';
      if (value.length > input.max) return `${value.length} fields, at most ${input.max}`;
      return (value as string[]).map(field).find((problem) => problem !== null) ?? null;
    case 'choice':
      return input.options.some(([option]) => option === value)
        ? null
        : `“${String(value)}” is none of its choices`;
    case 'number':
      return typeof value === 'number' && value >= input.min && value <= input.max
        ? null
        : `expected a number from ${input.min} to ${input.max}`;
    case 'switch':
      return typeof value === 'boolean' ? null : 'expected on or off';
    case 'text':
      return typeof value === 'string' && value.length <= input.max
        ? null
        : `expected a text of at most ${input.max} characters`;
  }
}

/** The heading of a panel. */
export function titleOf(panel: Panel): string {
  if (panel.title) return panel.title;
  const { spec } = checked(panel);
  return spec
    ? (kindNamed(panel.kind)?.titleOf(spec) ?? panel.kind)
    : (kindNamed(panel.kind)?.title ?? panel.kind);
}
