import { StepChart } from '../../charts/step_chart';
import type { Player } from './player.svelte';

/** A chart over the steps that is played and scrubbed with everything else; `end` takes it away. */
export function playerChart(host: HTMLElement, player: Player): { chart: StepChart; end: () => void } {
  const chart = new StepChart(host, {
    seek: (to, dragging) => player.scrub(to, dragging),
    hover: (at) => (player.hover = at),
    mark: (from, to) => player.change({ loop: [from, to] }),
  });
  const stop = player.onframe((at) => chart.setPlayhead(at));
  const end = () => {
    stop();
    chart.destroy();
  };
  return { chart, end };
}
