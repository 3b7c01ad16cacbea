import { useId, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';
import type { Option } from './fuzzy-options.ts';
import { OptionList } from './option-list.tsx';
import './pick-list.css';

interface PickListProps {
  /** Caption above the value, and the accessible name. */
  readonly label: string;
  readonly value: ReactNode;
  readonly chosen: string | null;
  /** A function is asked when the list opens: for lists that cost something to make. */
  readonly options: readonly Option[] | (() => readonly Option[]);
  readonly onPick: (value: string) => void;
  readonly placeholder?: string;
  /** Shown under the list. */
  readonly footer?: ReactNode;
}

/** A field of the front panel that opens a list to choose from. */
export function PickList({ label, value, chosen, options, onPick, placeholder, footer }: PickListProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        className="field field-button"
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        popoverTarget={id}
      >
        <span className="field-label">{label}</span>
        <span className="field-value">
          {value}
          <Icon name="down" size={12} />
        </span>
      </button>
      <div
        ref={popover}
        id={id}
        popover="auto"
        className="pick-list"
        onBeforeToggle={(event) => {
          if (event.newState === 'open' && button.current !== null) placeBelow(event.currentTarget, button.current);
        }}
        onToggle={(event) => {
          setIsOpen(event.newState === 'open');
          if (event.newState === 'closed') button.current?.focus();
        }}
      >
        {isOpen ? (
          <OptionList
            label={label}
            options={typeof options === 'function' ? options() : options}
            chosen={chosen}
            onPick={(picked) => {
              popover.current?.hidePopover();
              onPick(picked);
            }}
            {...(placeholder === undefined ? {} : { placeholder })}
          />
        ) : null}
        {isOpen ? footer : null}
      </div>
    </>
  );
}

/** Under the button, and inside the window. */
function placeBelow(popover: HTMLElement, button: HTMLElement): void {
  const box = button.getBoundingClientRect();
  popover.style.left = `${Math.max(8, Math.min(box.left, innerWidth - 348))}px`;
  popover.style.top = `${box.bottom + 4}px`;
  popover.style.minWidth = `${Math.max(box.width, 180)}px`;
}
