/** Whole numbers of one or two digits. */
const NUMBER = /^(f?)(\d{1,2})$/;

/** A feature in the address: `f0` is feature 0, as the command counts. */
export function featureText(index: number): string {
  return `f${index}`;
}

/** The feature that the address names; null for none. Links of before 2026-11-22 have bare numbers, from 1. */
export function featureOf(text: string): number | null {
  const [, letter, digits] = NUMBER.exec(text) ?? [];
  if (digits === undefined) return null;
  const index = letter ? Number(digits) : Number(digits) - 1;
  return index >= 0 ? index : null;
}
