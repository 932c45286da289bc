import type { Plane, Thumbnail } from '../workers/frame_paint';
import type { FrameHit } from './frame_cache';
import type { Want } from './frame_source';

/** The pictures of one field of one episode, wherever they come from: frame groups, or rows of numbers that have the shape of one. */
export interface PictureSource {
  /** Why the last request failed, until one succeeds. */
  readonly error: Error | null;
  /** Numbers that are drawn black and white; null where samples are bytes and drawn as they are. */
  readonly scale: readonly [number, number] | null;
  /** The picture of `step`, or null while it is not there. */
  get(step: number): FrameHit | null;
  /** Whether there is no picture at `step`. */
  isAbsent(step: number): boolean;
  /** Says where the playhead is. Cheap to call on every frame of the screen. */
  want(step: number, want: Want): void;
  /** The samples of one pixel as they were logged; null while the picture is not there. */
  samples(step: number, view: Plane, x: number, y: number): number[] | null;
  /** A small picture of `step`; null when there is none. */
  thumbnail(step: number, plane: Plane, side: number): Promise<Thumbnail | null>;
}
