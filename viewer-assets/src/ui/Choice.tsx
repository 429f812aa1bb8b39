interface ChoiceProps<Value extends string> {
  readonly name: string;
  readonly options: readonly Value[];
  readonly label: (value: Value) => string;
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

/** One of a few, each to be seen. */
export function Choice<Value extends string>({ name, options, label, chosen, onChoose }: ChoiceProps<Value>) {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      {options.map((option) => (
        <label key={option} class="switch">
          <input type="radio" name={name} checked={option === chosen} onChange={() => onChoose(option)} />
          {label(option)}
        </label>
      ))}
    </fieldset>
  );
}
