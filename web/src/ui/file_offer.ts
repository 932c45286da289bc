/** A file that can be saved: where it lies, or what makes it. */
export interface FileOffer {
  /** What people call its kind, for example `Parquet`. */
  kind: string;
  href?: string;
  run?: () => void;
}
