import { StepChart, type StepSeries, type StepTrend } from '../../charts/step_chart';
import type { App } from '../../state/app.svelte';
import type { Player } from './player.svelte';

interface Drawn {
  /** Null while it is unknown, or where something else is drawn over the steps. */
  series: StepSeries | null;
  average?: StepTrend | null;
}

/**
 * A chart over the steps that is played and scrubbed with everything else. Make it while a component is made, and bind its `host` to an
 * element there.
 */
export class PlayerChart {
  host = $state.raw<HTMLElement>();
  /** Smallest and largest value drawn; null when there is none. */
  bounds = $state.raw<[number, number] | null>(null);
  #chart = $state.raw<StepChart | null>(null);

  /** `snap` is the step that a place means, where not all are meant. */
  constructor(
    app: App,
    playerNow: () => Player,
    drawn: () => Drawn,
    snap: (step: number) => number = (step) => step,
  ) {
    const player = $derived(playerNow());
    $effect(() => {
      if (!this.host) return;
      const chart = new StepChart(this.host, {
        // What is pressed first means what is near; a drag goes anywhere.
        seek: (to, dragging) => player.scrub(dragging && player.dragging ? to : snap(to), dragging),
        hover: (at) => (player.hover = at === null ? null : snap(at)),
        mark: (from, to) => player.change({ loop: [from, to] }),
      });
      this.#chart = chart;
      const stop = player.onframe((at) => chart.setPlayhead(at));
      return () => {
        stop();
        chart.destroy();
      };
    });
    $effect(() => {
      void app.theme.look;
      this.#chart?.restyle();
    });
    $effect(() => {
      if (!this.#chart) return;
      const { series, average = null } = drawn();
      this.#chart.show(series, 0, player.end, average);
      this.bounds = this.#chart.extent();
      player.wake();
    });
    $effect(() => this.#chart?.setLoop(player.loop));
    $effect(() => this.#chart?.setHover(player.hover));
  }
}
