import type { Glyph } from '../ui/glyph';

/**
 * How the actions of an environment are drawn, one glyph an action, from their names: the 18 of Atari (`UPRIGHTFIRE`), Procgen's
 * combinations (`LEFT+DOWN`), steps of grid worlds (`move left`), turns (`left` beside `forward`), engines of landers, else letters.
 * `drawn` says otherwise for single actions, in the notation of `glyphNamed`; an empty text or one that is no glyph leaves it to the name.
 */
export function glyphsOf(names: readonly string[], drawn: readonly string[] = []): Glyph[] {
  const hasStick = names.some((name) => /FIRE|^NOOP$/.test(compact(name))) || names.some(isCombination);
  const turns = names.some((name) => /\bforwards?\b/i.test(name));
  return names.map((name, i) => glyphNamed(drawn[i] ?? '') ?? fromName(name, hasStick, turns));
}

/**
 * A glyph by its notation, null when it is none: `joystick:up-right+fire`, `joystick:A+B`, `arrow:left`, `turn:right`, `engine:main+left`,
 * `keys:A+LEFT`, `chip:JMP`, `none`.
 */
export function glyphNamed(text: string): Glyph | null {
  const [, kind, rest] = /^(\w+)(?::(.*))?$/.exec(text.trim()) ?? [];
  if (kind === 'none') return { kind: 'none' };
  if (!rest) return null;
  const parts = rest.split('+').map((part) => part.trim());
  switch (kind) {
    case 'joystick':
    case 'keys':
      return stick(parts);
    case 'arrow': {
      const { x, y, buttons } = stick(parts);
      return buttons.length === 0 && (x !== 0 || y !== 0) ? { kind: 'arrow', x, y } : null;
    }
    case 'turn': {
      const { x, y } = stick(parts);
      return x !== 0 && y === 0 ? { kind: 'turn', x } : null;
    }
    case 'engine':
      return {
        kind: 'engines',
        left: parts.includes('left'),
        main: parts.includes('main'),
        right: parts.includes('right'),
      };
    case 'chip':
      return { kind: 'chip', text: [...rest].slice(0, 3).join('') };
    default:
      return null;
  }
}

const DIRECTIONS: Record<string, readonly [number, number]> = {
  up: [0, -1],
  north: [0, -1],
  down: [0, 1],
  south: [0, 1],
  left: [-1, 0],
  west: [-1, 0],
  right: [1, 0],
  east: [1, 0],
};

const NOTHING = /^(|noop|no[ -]?op|none|nothing|do nothing|coast|wait|stay|idle|still|no action)$/i;

function fromName(name: string, hasStick: boolean, turns: boolean): Glyph {
  const plain = name.trim();
  if (hasStick) {
    const found = stickNamed(plain);
    if (found) return found;
  }
  if (NOTHING.test(plain)) return { kind: 'none' };
  if (/\bengines?\b|\bthrusters?\b/i.test(plain)) {
    const has = (word: RegExp) => word.test(plain);
    const lateral = has(/\blateral|\bside/i);
    return {
      kind: 'engines',
      left: lateral || has(/\bleft\b/i),
      main: has(/\bmain\b/i),
      right: lateral || has(/\bright\b/i),
    };
  }
  const step = directionIn(plain);
  if (step && turns && step.y === 0) return { kind: 'turn', x: step.x };
  if (step) return { kind: 'arrow', ...step };
  if (/\bforwards?\b/i.test(plain)) return { kind: 'arrow', x: 0, y: -1 };
  if (/\bbackwards?\b|\bback\b|\breverse\b/i.test(plain)) return { kind: 'arrow', x: 0, y: 1 };
  return { kind: 'chip', text: lettersOf(plain) };
}

/** `UPRIGHTFIRE`, `LEFT+DOWN`, `('LEFT', 'D')`, `RIGHT`, `D`; null when the name is something else. */
function stickNamed(name: string): Glyph | null {
  if (isCombination(name)) return stick(partsOf(name));
  const one = compact(name);
  if (one === 'NOOP' || one === '') return { kind: 'stick', x: 0, y: 0, buttons: [] };
  const [whole, vertical, horizontal, fire] = /^(UP|DOWN)?(LEFT|RIGHT)?(FIRE)?$/.exec(one) ?? [];
  if (whole) {
    return stick([vertical, horizontal, fire].filter((part) => part !== undefined));
  }
  return one.length === 1 ? stick([one]) : null;
}

function stick(parts: readonly string[]): Extract<Glyph, { kind: 'stick' }> {
  let [x, y] = [0, 0];
  const buttons: string[] = [];
  for (const part of parts) {
    const words = part.toLowerCase().split(/[- ]/);
    if (words.every((word) => word in DIRECTIONS)) {
      for (const word of words) {
        const [dx, dy] = DIRECTIONS[word]!;
        x = Math.max(-1, Math.min(1, x + dx));
        y = Math.max(-1, Math.min(1, y + dy));
      }
    } else if (part) buttons.push(part.toLowerCase() === 'fire' ? 'fire' : part.toUpperCase().slice(0, 2));
  }
  return { kind: 'stick', x, y, buttons };
}

/** Several keys held at once, as Procgen writes them. */
function isCombination(name: string): boolean {
  return /^\(.*\)$/.test(name.trim()) || (/^[A-Z]+([+,][ ]?[A-Z]+)+$/.test(name.trim()) && name.length < 40);
}

function partsOf(name: string): string[] {
  return name
    .replace(/[()'"[\]]/g, '')
    .split(/[+,]/)
    .map((part) => part.trim())
    .filter(Boolean);
}

function compact(name: string): string {
  return name.toUpperCase().replace(/[\s_-]/g, '');
}

/** The one direction that a name speaks of, or two that make a diagonal; null when there is none or too many. */
function directionIn(name: string): { x: number; y: number } | null {
  const words = name
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word in DIRECTIONS);
  if (words.length === 0 || words.length > 2) return null;
  const { x, y } = stick(words);
  return x === 0 && y === 0 ? null : { x, y };
}

/** `pick up` is PU, `toggle` is TO, `action 12` is 12. */
function lettersOf(name: string): string {
  const digits = /(\d{1,3})$/.exec(name)?.[1];
  if (digits) return digits;
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = words.length > 1 ? words.map((word) => [...word][0]!).join('') : (words[0] ?? '?');
  return [...letters]
    .slice(0, words.length > 1 ? 3 : 2)
    .join('')
    .toUpperCase();
}
