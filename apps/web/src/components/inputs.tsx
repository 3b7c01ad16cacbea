import { useId } from 'react';
import type { ReactNode, Ref } from 'react';
import { Icon } from './icons.tsx';
import './page.css';

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly ref?: Ref<HTMLInputElement>;
  /** Enter or Arrow Down: on to what was found. */
  readonly onLeave?: () => void;
}

/** Filters what is listed, while one types. The key `/` leads to it, as the screen's own keys say. */
export function SearchField({ label, value, onChange, placeholder, ref, onLeave }: SearchFieldProps) {
  return (
    <label className="search-field">
      <Icon name="search" />
      <span className="visually-hidden">{label}</span>
      <input
        ref={ref}
        type="search"
        value={value}
        placeholder={placeholder ?? label}
        spellCheck={false}
        autoComplete="off"
        data-search=""
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (onLeave === undefined || (event.key !== 'Enter' && event.key !== 'ArrowDown')) return;
          event.preventDefault();
          onLeave();
        }}
      />
      {value === '' ? <kbd aria-hidden="true">/</kbd> : null}
    </label>
  );
}

/** Puts the cursor into the search field of the screen; for the key `/`. */
export function focusSearchField(): void {
  const input = document.querySelector<HTMLInputElement>('input[data-search]');
  input?.focus();
  input?.select();
}

interface LabelledProps {
  readonly label: string;
  /** Below the field: what is expected. */
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly children: (id: string) => ReactNode;
}

/** A caption over a field of a form, with its hint and its error. */
export function Labelled({ label, hint, error, children }: LabelledProps) {
  const id = useId();
  return (
    <div className="labelled" data-invalid={error === undefined ? undefined : ''}>
      <label htmlFor={id} className="labelled-caption">
        {label}
      </label>
      {children(id)}
      {error === undefined ? null : (
        <p className="labelled-error" role="alert">
          {error}
        </p>
      )}
      {hint === undefined ? null : <p className="labelled-hint">{hint}</p>}
    </div>
  );
}

interface SelectProps<T extends string> {
  readonly id?: string;
  readonly label?: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

/** The browser's own list: for few choices in a form. */
export function Select<T extends string>({ id, label, value, options, onChange }: SelectProps<T>) {
  return (
    <select
      id={id}
      aria-label={label}
      className="select"
      value={value}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.target.value);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
