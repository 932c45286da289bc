const KEY = 'ethogram.runs.columns';

/** The columns that were chosen last, on this computer. */
export function rememberedColumns(): string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string').slice(0, 64) : [];
  } catch {
    // Storage is switched off, or holds what is no list: nothing was chosen.
    return [];
  }
}

export function rememberColumns(names: readonly string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // The address still has them.
  }
}
