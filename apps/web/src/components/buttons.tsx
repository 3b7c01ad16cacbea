import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';
import './buttons.css';

interface ToggleProps {
  readonly isOn: boolean;
  readonly onToggle: (isOn: boolean) => void;
  readonly children: ReactNode;
  readonly title?: string;
}

/** A switch of a toolbar. */
export function Toggle({ isOn, onToggle, children, title }: ToggleProps) {
  return (
    <button type="button" className="toggle" aria-pressed={isOn} title={title} onClick={() => onToggle(!isOn)}>
      <span className="toggle-box">{isOn ? <Icon name="check" size={10} /> : null}</span>
      {children}
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** Accessible name and tooltip; name the key in it where there is one. */
  readonly label: string;
  readonly onPress: () => void;
  readonly isOn?: boolean;
}

export function IconButton({ icon, label, onPress, isOn }: IconButtonProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={isOn}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  );
}

const confirmationMs = 1_500;

/** Copies a text that is made when it is asked for, and says so. */
export function CopyButton({
  label,
  text,
  icon,
}: {
  readonly label: string;
  readonly text: () => string;
  readonly icon?: boolean;
}) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready');
  useEffect(() => {
    if (state === 'ready') return;
    const timer = setTimeout(() => setState('ready'), confirmationMs);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    navigator.clipboard.writeText(text()).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  const said = state === 'ready' ? label : state === 'copied' ? 'Copied' : 'The browser refused';
  return (
    <button
      type="button"
      className={icon === true ? 'icon-button' : 'button'}
      title={label}
      aria-label={label}
      onClick={copy}
    >
      <Icon name={state === 'copied' ? 'check' : 'copy'} size={icon === true ? 16 : 12} />
      {icon === true ? null : said}
      <span className="visually-hidden" role="status">
        {state === 'ready' ? '' : said}
      </span>
    </button>
  );
}
