/** A target about actions, taken apart; `docs/http.md` says how one is written. */
export interface Target {
  /** How what an action is worth is told: `q`, `cvar:0.1`, `quantile:0.5`, `head:3`; empty for the number of the action as it is. */
  worth: string;
  /** What is explained, all of it together: `3`, `1:2`, `action`, `group:left`. */
  terms: readonly string[];
  /** What it is set against; null for nothing. */
  not: string | null;
}

/** About no action. */
const WHOLE = ['value', 'entropy', 'log_density'];

/** Takes a target apart. What is about no action, and what cannot be read, is one term. */
export function parseTarget(text: string): Target {
  const worth = /^(q|cvar:[^:]+|quantile:[^:]+|head:\d+)(?::(.+))?$/.exec(text);
  if (worth) return { worth: worth[1]!, terms: [worth[2] ?? 'action'], not: null };
  const [first, not] = splitOf(text);
  return { worth: '', terms: isNamed(first) ? [first] : first.split('+'), not };
}

/** Writes what `parseTarget` reads. */
export function textOfTarget({ worth, terms, not }: Target): string {
  const term = terms.join('+');
  if (worth !== '') return term === 'action' && worth !== 'q' ? worth : `${worth}:${term}`;
  return not === null ? term : `${term}-${not}`;
}

/** Names of groups and actions may hold a minus: two of them are told apart by the second one's prefix. */
function splitOf(text: string): [string, string | null] {
  const pattern = isNamed(text) ? /-(?=(?:group|name):)/ : /-/;
  const at = text.search(pattern);
  return at <= 0 || at === text.length - 1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

function isNamed(term: string): boolean {
  return /^(group|name):/.test(term);
}

/** Whether a term is an action by its entry, or a choice of a part: those can be put together. */
export function isEntry(term: string): boolean {
  return /^\d{1,6}(:\d{1,6})?$/.test(term);
}

/** Whether it has several answers, which stand side by side. */
export function isSeveral(target: string): boolean {
  return target === 'all' || target.includes(',') || /^top\d+$/.test(target);
}

/** Whether its answer at a step is about one action, which the answer names. */
export function isOfOneAction(target: string): boolean {
  const { terms, not } = parseTarget(target);
  return not === null && terms.length === 1 && /^(action|greedy|top:\d+|\d+)$/.test(terms[0]!);
}

/** The target after a term was set against what is chosen, or no longer is; null where that cannot be. */
export function against(target: string, other: string): string | null {
  const now = parseTarget(target);
  const [first] = now.terms;
  if (now.worth !== '' || first === undefined || now.terms.includes(other)) return null;
  if (now.terms.some((term) => WHOLE.includes(term)) || WHOLE.includes(other)) return null;
  if (first.startsWith('group:') !== other.startsWith('group:')) return null;
  return textOfTarget({ ...now, not: now.not === other ? null : other });
}

/** The target after an entry was put to what is chosen, or taken from it; a part has one choice only. Null where that cannot be. */
export function together(target: string, other: string): string | null {
  const now = parseTarget(target);
  if (now.worth !== '' || !isEntry(other) || !now.terms.every(isEntry) || now.not === other) return null;
  if (now.terms.includes(other)) {
    const rest = now.terms.filter((term) => term !== other);
    return rest.length > 0 ? textOfTarget({ ...now, terms: rest }) : null;
  }
  const part = partOf(other);
  const kept = part === null ? now.terms : now.terms.filter((term) => partOf(term) !== part);
  if (kept.length === 0) return null;
  const terms = [...kept, other].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return textOfTarget({ ...now, terms });
}

/** The target with another way to tell what an action is worth; null where it is about no single action. */
export function withWorth(target: string, worth: string): string | null {
  const now = parseTarget(target);
  const [term] = now.terms;
  if (now.not !== null || now.terms.length !== 1 || term === undefined) return null;
  if (WHOLE.includes(term) || term.includes(':')) return null;
  return textOfTarget({ ...now, worth });
}

function partOf(term: string): string | null {
  return /^(\d+):\d+$/.exec(term)?.[1] ?? null;
}

/** A target in words: `RIGHT`, `value`, `RIGHT, not LEFT`. */
export function targetTitle(target: string, name: (index: number) => string): string {
  const { worth, terms, not } = parseTarget(target);
  const all = terms.map((term) => termTitle(term, name)).join(' + ');
  if (worth !== '') return `${worthTitle(worth)} of ${all}`;
  return not === null ? all : `${all}, not ${termTitle(not, name)}`;
}

function termTitle(term: string, name: (index: number) => string): string {
  if (/^\d+$/.test(term)) return name(Number(term));
  const [kind, rest] = [term.slice(0, term.indexOf(':')), term.slice(term.indexOf(':') + 1)];
  if (term === 'action') return 'action taken';
  if (term === 'greedy') return 'greedy action';
  if (kind === 'action') return `action taken, part ${rest}`;
  if (kind === 'greedy') return `greedy action, part ${rest}`;
  if (kind === 'top') return `${ordinal(Number(rest))}likeliest`;
  if (kind === 'name') return rest;
  if (kind === 'group') return `group ${rest}`;
  const part = partOf(term);
  if (part !== null) return `part ${part}, choice ${rest}`;
  return term.replaceAll('_', ' ');
}

/** `2nd `; nothing of the first, which is the likeliest itself. */
function ordinal(rank: number): string {
  if (rank === 1) return '';
  const isTeen = Math.floor(rank / 10) % 10 === 1;
  return `${rank}${(isTeen ? undefined : ['th', 'st', 'nd', 'rd'][rank % 10]) ?? 'th'} `;
}

/** What an action is worth, by one way to tell it, in words. */
export function worthTitle(worth: string): string {
  const [kind, at] = worth.split(':');
  if (kind === 'q' || kind === '') return 'mean return';
  if (kind === 'head') return `head ${at}`;
  const share = `${Math.round(1000 * Number(at)) / 10} %`;
  if (kind === 'quantile') return at === '0.5' ? 'median return' : `${share} quantile`;
  return `worst ${share}`;
}
