import type { Said } from '../../../api/what_if';
import { actionName, elementName } from '../roles';
import type { Session } from '../session.svelte';

/** Names of what a policy chooses from, one a number that it gives. */
export function choiceNames(session: Session, said: Said): string[] {
  const field = session.field('action');
  if (said.role === 'action_mean') {
    return said.numbers.map((_, index) =>
      field ? elementName(field, index, session.env).name : `action[${index}]`,
    );
  }
  if (said.parts.length <= 1) return said.numbers.map((_, index) => actionName(session.env, index));
  return said.parts.flatMap((count, part) =>
    Array.from({ length: count }, (_, choice) => `action[${part}] = ${choice}`),
  );
}

/** Name of an element of a field that the network takes. */
export function nameOfElement(session: Session, field: string, index: number): string {
  const entry = session.field(field);
  return entry ? elementName(entry, index, session.env).name : `[${index}]`;
}

/** The greedy choice in words. */
export function greedyName(names: readonly string[], said: Said): string {
  let from = 0;
  return said.greedy
    .map((choice, part) => {
      const name = names[from + choice] ?? String(choice);
      from += said.parts[part] ?? 0;
      return name;
    })
    .join(', ');
}

/** `61.2 %`; small ones keep a digit that says something. */
export function percent(part: number | null | undefined): string {
  if (part === null || part === undefined || Number.isNaN(part)) return '–';
  const size = Math.abs(part) * 100;
  if (size > 0 && size < 0.05) return part > 0 ? '<0.1 %' : '>−0.1 %';
  return `${(part * 100).toFixed(1).replace('-', '−')} %`;
}
