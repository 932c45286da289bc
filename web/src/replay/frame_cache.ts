import { bytesOfGroup, type FrameGroup } from '../workers/frame_group';

/** A group and which of its rows is the step asked for. */
export interface FrameHit {
  group: FrameGroup;
  row: number;
  /** Step of the group's first row. */
  first: number;
}

interface Entry {
  series: string;
  first: number;
  group: FrameGroup;
  bytes: number;
}

/**
 * Decoded groups of all fields, the least recently used forgotten first once they exceed `limit` bytes.
 *
 * A *series* is one image field of one episode, by any unique name. The newest group stays even when it alone is
 * larger than the limit, so that a picture that was just decoded can be drawn.
 */
export class FrameCache {
  /** Bytes held now. */
  bytes = 0;
  /** In order of use, the oldest first. */
  private readonly entries = new Map<string, Entry>();
  /** First steps of the groups of each series, ascending. */
  private readonly firsts = new Map<string, number[]>();

  constructor(readonly limit: number) {}

  /** Groups held now. */
  get size(): number {
    return this.entries.size;
  }

  /** The group that holds `step`, marked as used; null when there is none. */
  get(series: string, step: number): FrameHit | null {
    const entry = this.find(series, step);
    if (!entry) return null;
    const key = keyOf(series, entry.first);
    this.entries.delete(key);
    this.entries.set(key, entry);
    return { group: entry.group, row: step - entry.first, first: entry.first };
  }

  /** Whether `step` is held, without marking it as used. */
  has(series: string, step: number): boolean {
    return this.find(series, step) !== null;
  }

  /** The first step from `step` on, going by `direction`, that is not held. */
  firstMissing(series: string, step: number, direction: 1 | -1): number {
    let at = step;
    for (;;) {
      const entry = this.find(series, at);
      if (!entry) return at;
      at = direction > 0 ? entry.first + entry.group.count : entry.first - 1;
    }
  }

  /** Keeps a group; one with the same first step is replaced. */
  put(series: string, first: number, group: FrameGroup): void {
    const key = keyOf(series, first);
    this.remove(key);
    const entry = { series, first, group, bytes: bytesOfGroup(group) };
    this.entries.set(key, entry);
    this.bytes += entry.bytes;
    const firsts = this.firsts.get(series) ?? [];
    firsts.splice(upperBound(firsts, first), 0, first);
    this.firsts.set(series, firsts);
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.limit || oldest === key) break;
      this.remove(oldest);
    }
  }

  /** Forgets every group of a series. */
  forget(series: string): void {
    for (const first of [...(this.firsts.get(series) ?? [])]) this.remove(keyOf(series, first));
  }

  private find(series: string, step: number): Entry | null {
    const firsts = this.firsts.get(series);
    if (!firsts) return null;
    // Sealing regroups frames, so groups may overlap: look a few back, not just at the nearest.
    const last = upperBound(firsts, step) - 1;
    for (let at = last; at >= 0 && at > last - OVERLAP; at--) {
      const entry = this.entries.get(keyOf(series, firsts[at]!));
      if (entry && step < entry.first + entry.group.count) return entry;
    }
    return null;
  }

  private remove(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.entries.delete(key);
    this.bytes -= entry.bytes;
    const firsts = this.firsts.get(entry.series)!;
    firsts.splice(firsts.indexOf(entry.first), 1);
    if (firsts.length === 0) this.firsts.delete(entry.series);
  }
}

const OVERLAP = 8;

const keyOf = (series: string, first: number): string => `${series}\n${first}`;

/** Index of the first number in `sorted` that is larger than `value`. */
function upperBound(sorted: number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
