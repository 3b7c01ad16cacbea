import './segmented.css';

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly choices: readonly { readonly value: T; readonly label: string; readonly title?: string }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
}

/** A field of the front panel with few choices, all in sight. */
export function Segmented<T extends string>({ label, choices, chosen, onChoose }: SegmentedProps<T>) {
  return (
    <fieldset className="field segmented">
      <legend className="field-label">{label}</legend>
      <div className="segmented-choices">
        {choices.map(({ value, label: text, title }) => (
          <label key={value} className="segmented-choice" title={title}>
            <input type="radio" name={label} checked={value === chosen} onChange={() => onChoose(value)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
