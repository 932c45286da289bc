import { columnNamed, doubles, type Columns } from '../../api/columns';

/** Streams that are kept, as `run.json`'s writer names them. */
export const STREAMS = ['stdout', 'stderr'] as const;
export type Stream = (typeof STREAMS)[number];

/** The scalar-like tag of a stream; its steps are milliseconds since 1970. */
export function tagOf(stream: Stream): string {
  return `console/${stream}`;
}

/** What a script printed, as pieces arrive. */
export class ConsoleText {
  /** Lines without their ends; the last may still go on. */
  lines: readonly string[] = [];
  /** Step from which on more is asked for; null while there is nothing. */
  next: number | null = null;
  #open = false;

  /** Takes an answer of `/tensors`. Pieces that are there already are left out. */
  take(answer: Columns): void {
    const steps = doubles(columnNamed(answer, 'step'));
    const decoder = new TextDecoder();
    const lines = [...this.lines];
    steps.forEach((step, row) => {
      if (this.next !== null && step < this.next) return;
      this.next = step + 1;
      const { data } = columnNamed(answer, `row/${row}`);
      const parts = decoder.decode(data as Uint8Array).split('\n');
      if (this.#open) lines.push(`${lines.pop() ?? ''}${parts.shift() ?? ''}`);
      lines.push(...parts);
      this.#open = lines.at(-1) !== '';
      // What ends in a line's end has no line after it yet.
      if (!this.#open) lines.pop();
    });
    this.lines = lines;
  }
}

/** Lines in which a text occurs, whatever its case; all without one. */
export function linesWith(lines: readonly string[], query: string): readonly string[] {
  const wanted = query.toLowerCase();
  return wanted === '' ? lines : lines.filter((line) => line.toLowerCase().includes(wanted));
}
