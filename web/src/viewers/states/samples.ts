import type { TensorTag } from '../../api/wire';

/** Names of the states that policies of a run were asked about by `eg.probe`: tensors `samples/NAME/FIELD` on the sample axis. */
export function samplesOf(tensors: readonly TensorTag[]): string[] {
  const names = tensors.flatMap(({ axis, tag }) =>
    axis === 'sample' ? (/^samples\/([^/]+)\/./.exec(tag)?.[1] ?? []) : [],
  );
  return [...new Set(names)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * The samples that differ from one only in the number at the end, by that number: `space-0`, `space-1000`, … are the same states shown to
 * the networks of a training, one after the other.
 */
export function seriesOf(names: readonly string[], name: string): { name: string; step: number }[] {
  const stem = numbered(name)?.stem;
  if (stem === undefined) return [];
  return names
    .flatMap((one) => {
      const parts = numbered(one);
      return parts?.stem === stem ? { name: one, step: parts.step } : [];
    })
    .toSorted((a, b) => a.step - b.step);
}

function numbered(name: string): { stem: string; step: number } | null {
  const parts = /^(.*?)(\d{1,15})$/.exec(name);
  return parts && { stem: parts[1], step: Number(parts[2]) };
}
