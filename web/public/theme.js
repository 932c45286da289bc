// Runs before the first paint so that a chosen theme does not flash; `src/state/theme.svelte.ts` does the rest.
try {
  const theme = localStorage.getItem('ethogram.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}
