import type { FileOffer } from '../ui/file_offer';
import type { IconName } from '../ui/icons';

/** Something that can be done with a panel of one kind. */
export interface PanelAction {
  text: string;
  icon: IconName;
  /** A table that can be saved as these; the text names it. */
  files?: readonly FileOffer[];
  /** It is on or off. */
  pressed?: boolean;
  run?: () => void;
}

/** What a panel adds to the menu in its heading; it says so from an effect. */
export class PanelMenu {
  actions = $state.raw<readonly PanelAction[]>([]);
}
