import type { Features } from '../api/features';
import type { FeatureLabel, Notes } from '../api/wire';

/** As `docs/http.md` has them. */
export const LABEL_LIMITS = { name: 200, note: 20_000 };

type Of = Pick<Features, 'layer' | 'checkpoint' | 'of' | 'factors'>;

/** What people said of a feature; null where nobody did. */
export function labelOf(notes: Notes | undefined, of: Of, index: number): FeatureLabel | null {
  return (
    notes?.features?.find(
      (label) =>
        label.index === index &&
        label.layer === of.layer &&
        label.checkpoint === of.checkpoint.global_step &&
        label.of === of.of &&
        label.factors === of.factors.length,
    ) ?? null
  );
}

/** A label after something about it was changed; null when nothing is left to say. */
export function relabelled(
  of: Of,
  index: number,
  before: FeatureLabel | null,
  change: Partial<Pick<FeatureLabel, 'name' | 'colour' | 'note'>>,
): FeatureLabel | null {
  const label: FeatureLabel = {
    layer: of.layer,
    checkpoint: of.checkpoint.global_step,
    of: of.of,
    factors: of.factors.length,
    index,
    name: before?.name ?? '',
    note: before?.note ?? '',
    ...(before?.colour ? { colour: before.colour } : {}),
    ...change,
  };
  label.name = label.name.trim().replace(/\s+/g, ' ').slice(0, LABEL_LIMITS.name);
  label.note = label.note.trimEnd().slice(0, LABEL_LIMITS.note);
  if (label.colour === of.factors[index]?.colour) delete label.colour;
  return label.name === '' && label.note === '' && !label.colour ? null : label;
}

/** What a feature is called: its name, else its number, from 0 as in the command and in Python. */
export function nameOfFeature(label: FeatureLabel | null, index: number): string {
  return label?.name || `feature ${index}`;
}

/** Colours of all factors, people's own before the server's. */
export function coloursOf(notes: Notes | undefined, of: Of): string[] {
  return of.factors.map(({ colour }, i) => {
    const own = labelOf(notes, of, i)?.colour;
    return own && /^#[0-9a-f]{6}$/i.test(own) ? own : colour;
  });
}
