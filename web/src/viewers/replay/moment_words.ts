import { numberAt, textAt } from '../../replay/step_column';
import { actionName, startOf } from './roles';
import type { Session } from './session.svelte';

/** A moment in words, for those who cannot see the picture. */
export function momentWords(session: Session, step: number, end: number): string {
  const parts = [`step ${step} of ${end}`];
  const action = numberAt(session.columns.get('action'), step);
  if (action !== undefined && session.roles.hasDiscreteAction) {
    parts.push(`action ${actionName(session.env, action - startOf(session.env))}`);
  }
  for (const name of ['reward', 'value']) {
    const column = session.columns.get(name);
    if (column) parts.push(`${name} ${textAt(column, step)}`);
  }
  return parts.join(', ');
}
