import { useEffect, useId, useRef, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { Icon } from './icons.tsx';
import { filterOptions, moveActive } from './fuzzy-options.ts';
import type { Option } from './fuzzy-options.ts';
import './option-list.css';

interface OptionListProps {
  readonly label: string;
  readonly options: readonly Option[];
  /** Value of the option in force. */
  readonly chosen: string | null;
  readonly onPick: (value: string) => void;
  /** With this text, a line to type in stands above the list. */
  readonly placeholder?: string;
}

/** More lines than one reads; typing narrows the list. */
const shownLimit = 120;

/** A list to choose from by keyboard or pointer: an ARIA listbox, or a combobox when it can be narrowed by typing. */
export function OptionList({ label, options, chosen, onPick, placeholder }: OptionListProps) {
  const id = useId();
  const [text, setText] = useState('');
  const found = filterOptions(options, text).slice(0, shownLimit);
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      options.findIndex(({ value }) => value === chosen),
    ),
  );
  const list = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    (input.current ?? list.current)?.focus();
  }, []);
  useEffect(() => {
    list.current?.querySelector(`[data-at="${active}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const onKeyDown = (event: KeyboardEvent) => {
    const option = found[active];
    if (event.key === 'Enter' && option !== undefined) {
      event.preventDefault();
      onPick(option.value);
      return;
    }
    const isTextKey = placeholder !== undefined && (event.key === 'Home' || event.key === 'End');
    const next = isTextKey ? null : moveActive(active, event.key, found.length);
    const typed = placeholder === undefined ? findByFirstLetter(found, active, event.key) : null;
    const target = next ?? typed;
    if (target === null) return;
    event.preventDefault();
    setActive(target);
  };
  const activeId = found.length === 0 ? undefined : `${id}-${active}`;

  return (
    <div className="option-list" onKeyDown={onKeyDown}>
      {placeholder === undefined ? null : (
        <label className="option-list-search">
          <Icon name="search" />
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label={label}
            aria-expanded="true"
            aria-controls={`${id}-list`}
            aria-activedescendant={activeId}
            aria-autocomplete="list"
            placeholder={placeholder}
            spellCheck={false}
            autoComplete="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setActive(0);
            }}
          />
        </label>
      )}
      <div
        ref={list}
        id={`${id}-list`}
        className="option-list-lines"
        role="listbox"
        aria-label={label}
        tabIndex={placeholder === undefined ? 0 : -1}
        aria-activedescendant={placeholder === undefined ? activeId : undefined}
      >
        {found.map((option, at) => (
          <OptionLine
            key={option.value}
            id={`${id}-${at}`}
            at={at}
            option={option}
            heading={option.group !== found[at - 1]?.group ? option.group : undefined}
            isActive={at === active}
            isChosen={option.value === chosen}
            onPick={onPick}
            onHover={setActive}
          />
        ))}
      </div>
      {found.length === 0 ? <p className="option-list-none">Nothing is called “{text}”.</p> : null}
    </div>
  );
}

interface OptionLineProps {
  readonly id: string;
  readonly at: number;
  readonly option: Option;
  readonly heading: string | undefined;
  readonly isActive: boolean;
  readonly isChosen: boolean;
  readonly onPick: (value: string) => void;
  readonly onHover: (at: number) => void;
}

function OptionLine({ id, at, option, heading, isActive, isChosen, onPick, onHover }: OptionLineProps) {
  return (
    <>
      {heading === undefined ? null : (
        <div className="option-list-heading" role="presentation">
          {heading}
        </div>
      )}
      <div
        id={id}
        role="option"
        data-at={at}
        className="option"
        aria-selected={isChosen}
        data-active={isActive ? '' : undefined}
        onPointerMove={() => onHover(at)}
        onClick={() => onPick(option.value)}
      >
        <span className="option-mark">{isChosen ? <Icon name="check" size={12} /> : null}</span>
        <span className="option-label">{option.label}</span>
        {option.note === undefined ? null : <span className="option-note">{option.note}</span>}
      </div>
    </>
  );
}

function findByFirstLetter(options: readonly Option[], active: number, key: string): number | null {
  if (key.length !== 1) return null;
  const begins = (option: Option | undefined) => option?.label.toLowerCase().startsWith(key.toLowerCase()) === true;
  for (let step = 1; step <= options.length; step++) {
    const at = (active + step) % options.length;
    if (begins(options[at])) return at;
  }
  return null;
}
