/** Viewers that people put into a folder. */
export interface PluginList {
  plugins: Plugin[];
  /** What looks like a plug-in but is none. */
  skipped: { path: string; why: string }[];
  /** Folders that are looked through. */
  folders: string[];
}

export interface Plugin {
  name: string;
  title: string;
  doc: string;
  /** Fields of the step that it is told. */
  fields: string[];
  /** Beginnings of the names of the environments that it is for; all when empty. */
  environments: string[];
  /** Height that it would like, in CSS pixels. */
  height: number;
  /** Whether it is told attributions, too. */
  attribution: boolean;
}
