/** Settings as the address keeps them, `name:value,name:value`; null when all are as usual. */
export function settingsText(settings: Readonly<Record<string, string>>): string | null {
  return (
    Object.entries(settings)
      .map(([name, value]) => `${name}:${value}`)
      .join(',') || null
  );
}

/** Reads settings; what is none is left out. */
export function settingsOf(text: string | null): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const part of (text ?? '').split(',')) {
    const found = /^([a-z_]\w{0,63}):(.{1,64})$/i.exec(part);
    if (found) settings[found[1]] = found[2];
  }
  return settings;
}
