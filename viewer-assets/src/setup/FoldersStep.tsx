import { Field } from "./Field";
import type { StepProps } from "./model";

/** Folders through which orders come and reports go. */
export function FoldersStep({ model }: StepProps) {
  return (
    <div class="setup-form setup-pair">
      <Field
        label="setup.orders"
        hint="setup.ordersHint"
        value={model.orders}
        example="setup.ordersExample"
      />
      <Field
        label="setup.results"
        hint="setup.resultsHint"
        value={model.results}
        example="setup.resultsExample"
      />
    </div>
  );
}
