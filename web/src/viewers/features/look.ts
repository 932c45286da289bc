import { featureOf, featureText } from '../../features/feature_number';
import { BLOCKS, EXPAND_DEFAULT, EXPANDS, type Block, type Expand } from '../../charts/patch';

/** How the large picture of a feature is shown, as in the address. */
export interface Look {
  /** The feature that is open; null for none. */
  feature: number | null;
  expand: Expand;
  block: Block;
}

/** Reads the address; anything odd gives what is usual. */
export function parseLook(param: (name: string) => string | null): Look {
  const feature = param('feature');
  return {
    feature: feature === null ? null : featureOf(feature),
    expand: EXPANDS.find((one) => String(one) === param('expand')) ?? EXPAND_DEFAULT,
    block: BLOCKS.find((one) => String(one) === param('block')) ?? 1,
  };
}

/** What to write into the address. */
export function patchOfLook(change: Partial<Look>): Record<string, string | null> {
  const patch: Record<string, string | null> = {};
  if (change.feature !== undefined)
    patch.feature = change.feature === null ? null : featureText(change.feature);
  if (change.expand !== undefined)
    patch.expand = change.expand === EXPAND_DEFAULT ? null : String(change.expand);
  if (change.block !== undefined) patch.block = change.block === 1 ? null : String(change.block);
  return patch;
}
