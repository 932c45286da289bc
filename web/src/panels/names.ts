import { parseField } from './fields';
import type { SpecValue } from './layout';

/** The name of the field that a member of a spec says; empty when it says none. */
export function nameIn(value: SpecValue | undefined): string {
  return typeof value === 'string' ? (parseField(value)?.name ?? '') : '';
}

/** Names of several, joined. */
export function namesIn(value: SpecValue | undefined): string {
  return Array.isArray(value) ? (value as string[]).map(nameIn).join(', ') : '';
}
