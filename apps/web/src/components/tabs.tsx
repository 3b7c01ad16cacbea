import type { ReactNode } from 'react';
import './page.css';

interface TabsProps<T extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly value: T; readonly label: string; readonly count?: number | undefined }[];
  readonly chosen: T;
  readonly onChoose: (value: T) => void;
  /** The chosen tab's content. */
  readonly children: ReactNode;
}

/** Parts of a screen of which one is shown. Arrows move between them. */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose, children }: TabsProps<T>) {
  const move = (step: number) => {
    const at = tabs.findIndex(({ value }) => value === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onChoose(next.value);
    document.getElementById(`tab-${next.value}`)?.focus();
  };
  return (
    <>
      <div
        role="tablist"
        aria-label={label}
        className="tabs"
        onKeyDown={({ key }) => {
          if (key === 'ArrowRight') move(1);
          if (key === 'ArrowLeft') move(-1);
        }}
      >
        {tabs.map(({ value, label: text, count }) => (
          <button
            key={value}
            id={`tab-${value}`}
            type="button"
            role="tab"
            className="tab"
            aria-selected={value === chosen}
            aria-controls={`panel-${value}`}
            tabIndex={value === chosen ? 0 : -1}
            onClick={() => onChoose(value)}
          >
            {text}
            {count === undefined ? null : <span className="section-count">{count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`panel-${chosen}`} aria-labelledby={`tab-${chosen}`} className="tab-panel">
        {children}
      </div>
    </>
  );
}
