import { useRef } from 'react';
import type { KeyboardEvent, PointerEvent } from 'react';
import { paneWidthLimits } from '../navigation/matrix-fields.ts';
import './splitter.css';

interface SplitterProps {
  readonly label: string;
  /** Width in pixels of the pane at its right. */
  readonly width: number;
  readonly onResize: (width: number) => void;
}

const stepPixels = 16;

/** The edge of a pane, to drag or to move with the arrows. */
export function Splitter({ label, width, onResize }: SplitterProps) {
  const grip = useRef<{ readonly x: number; readonly width: number } | null>(null);
  const onPointerMove = (event: PointerEvent) => {
    if (grip.current !== null) onResize(grip.current.width + grip.current.x - event.clientX);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowLeft' ? stepPixels : event.key === 'ArrowRight' ? -stepPixels : 0;
    if (step === 0) return;
    event.preventDefault();
    onResize(width + step);
  };
  return (
    <div
      className="splitter"
      role="separator"
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={paneWidthLimits.least}
      aria-valuemax={paneWidthLimits.most}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { x: event.clientX, width };
      }}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        grip.current = null;
      }}
      onDoubleClick={() => onResize(paneWidthLimits.initial)}
    />
  );
}
