import { COLUMNS, PANELS_MAX, settled, type Layout, type Panel, type Spec, type SpecValue } from './layout';

/** Written into every layout; others are refused. */
export const LAYOUT_VERSION = 1;
/** Bytes of a layout as text. */
export const LAYOUT_BYTES_MAX = 64 * 1024;
/** Characters of a title. */
export const TITLE_MAX = 200;
/** Members of a panel's spec, entries of a list in it, and characters of a text in it. */
const MEMBERS_MAX = 32;
const LIST_MAX = 64;
const TEXT_MAX = 8192;
const NAME_MAX = 64;

/** A layout from outside that cannot be used, and why. */
export class LayoutError extends Error {
  override name = 'LayoutError';
}

/** As it is saved: members in the order that keeps links short. */
export interface LayoutJson {
  version: number;
  panels: { kind: string; title?: string; at: [x: number, y: number, w: number, h: number]; spec: Spec }[];
}

export function writeLayout(layout: Layout): LayoutJson {
  return {
    version: LAYOUT_VERSION,
    panels: layout.map(({ kind, title, box: { x, y, w, h }, spec }) => ({
      kind,
      ...(title ? { title } : {}),
      at: [x, y, w, h],
      spec,
    })),
  };
}

/**
 * Reads a layout that came from a link, a server or a file. What a panel is to show is looked at by its kind; here only sizes and
 * types count. Throws [`LayoutError`].
 */
export function readLayout(json: unknown): Layout {
  const { version, panels } = record(json, 'the layout');
  if (version !== LAYOUT_VERSION) {
    const newer = typeof version === 'number' && version > LAYOUT_VERSION;
    throw new LayoutError(
      `expected a layout of version ${LAYOUT_VERSION}, found ${short(version)}${newer ? '; it comes from a newer Ethogram' : ''}`,
    );
  }
  if (!Array.isArray(panels)) throw new LayoutError(`expected a list of panels, found ${short(panels)}`);
  if (panels.length > PANELS_MAX)
    throw new LayoutError(`found ${panels.length} panels, over the limit of ${PANELS_MAX}`);
  return settled(panels.map((panel, i) => readPanel(panel, i)));
}

function readPanel(json: unknown, i: number): Panel {
  const what = `panel ${i + 1}`;
  const { kind, title = '', at, spec } = record(json, what);
  if (!Array.isArray(at) || at.length !== 4 || !at.every(Number.isSafeInteger))
    throw new LayoutError(`${what}: expected at to be four whole numbers, found ${short(at)}`);
  const [x, y, w, h] = at as [number, number, number, number];
  if (x < 0 || x >= COLUMNS || y < 0 || w < 1 || h < 1)
    throw new LayoutError(`${what}: expected a place on a grid of ${COLUMNS} columns, found ${short(at)}`);
  return {
    id: `p${i + 1}`,
    kind: text(kind, `the kind of ${what}`, NAME_MAX),
    title: text(title, `the title of ${what}`, TITLE_MAX),
    box: { x, y, w, h },
    spec: readSpec(spec, what),
  };
}

function readSpec(json: unknown, what: string): Spec {
  const members = Object.entries(record(json, `the spec of ${what}`));
  if (members.length > MEMBERS_MAX)
    throw new LayoutError(
      `the spec of ${what} has ${members.length} members, over the limit of ${MEMBERS_MAX}`,
    );
  const spec: Record<string, SpecValue> = Object.create(null) as Record<string, SpecValue>;
  for (const [name, value] of members) {
    const member = `${short(name)} of ${what}`;
    text(name, member, NAME_MAX);
    if (typeof value === 'string') spec[name] = text(value, member, TEXT_MAX);
    else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
      spec[name] = value;
    else if (Array.isArray(value)) {
      if (value.length > LIST_MAX)
        throw new LayoutError(`${member} has ${value.length} entries, over the limit of ${LIST_MAX}`);
      spec[name] = value.map((entry: unknown) => text(entry, member, TEXT_MAX));
    } else
      throw new LayoutError(
        `${member}: expected a text, number, switch or list of texts, found ${short(value)}`,
      );
  }
  return { ...spec };
}

function record(json: unknown, what: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw new LayoutError(`expected ${what} to be an object, found ${short(json)}`);
}

function text(value: unknown, what: string, max: number): string {
  if (typeof value !== 'string')
    throw new LayoutError(`expected ${what} to be a text, found ${short(value)}`);
  if (value.length > max)
    throw new LayoutError(`${what} has ${value.length} characters, over the limit of ${max}`);
  return value;
}

/** The start of a value, for messages. */
function short(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const whole = JSON.stringify(value);
  return whole.length > 40 ? `${whole.slice(0, 40)}…` : whole;
}
