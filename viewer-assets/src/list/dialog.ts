import type { StudyRow } from "./data";
import type { ListModel } from "./model";

/** What every dialog about one study is given. */
export interface DialogProps {
  readonly model: ListModel;
  readonly study: StudyRow;
  readonly onClose: () => void;
}
