import { paintFactors, type FactorLook } from '../../../charts/factor_paint';
import { HeatOverlay, type Part } from '../../../charts/heat_overlay';
import type { FeatureMapSource } from '../../../features/feature_map_source';
import type { Player } from '../player.svelte';
import type { FeaturesLayer, Isolated } from './features_layer.svelte';
import type { LayerSpec } from './layer_spec';

/** How strong an overlay is that belongs to another step than the picture. */
const STALE = '0.3';

/** How the maps of a source are painted. */
export function factorLook(
  spec: Pick<LayerSpec, 'side' | 'residual' | 'smooth' | 'gain'>,
  colours: readonly string[],
  only: Isolated,
  source: FeatureMapSource,
): FactorLook {
  return {
    colours,
    only,
    residual: spec.residual,
    sign: spec.side,
    smooth: spec.smooth,
    reach: source.reach / spec.gain,
  };
}

/** Keeps features over the picture as the player moves; the function returned takes them away. */
export function layFeatures(
  {
    host,
    over,
    player,
    layer,
  }: { host: HTMLElement; over: HTMLCanvasElement; player: Player; layer: FeaturesLayer },
  source: FeatureMapSource,
  spec: LayerSpec,
  colours: readonly string[],
  part: Part,
): () => void {
  const overlay = new HeatOverlay(host, over);
  const stop = player.onframe((step) => {
    source.want(step, player.direction);
    const found = source.get(step);
    if (found === undefined) {
      overlay.canvas.style.opacity = STALE;
      return;
    }
    const key = `${step} ${layer.isolated} ${source.reach}`;
    if (host.dataset.features === key) return;
    overlay.canvas.style.opacity = '1';
    host.dataset.features = key;
    host.dataset.featuresStep = found ? String(step) : '';
    if (!found) {
      overlay.clear();
      return;
    }
    const look = factorLook(spec, colours, layer.isolated, source);
    overlay.drawCells(found, (out) => paintFactors(found, look, out), {
      part,
      grey: true,
      smooth: spec.smooth,
    });
  });
  return () => {
    stop();
    overlay.destroy();
    delete host.dataset.features;
    delete host.dataset.featuresStep;
  };
}
