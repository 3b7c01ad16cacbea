/** Sizes along one axis: where each line begins, in CSS pixels, and the end of the last one. */
export interface AxisGeometry {
  /** One longer than there are lines. */
  readonly offsets: Float64Array;
  readonly total: number;
}

export function layOut(count: number, sizeOf: (index: number) => number): AxisGeometry {
  const offsets = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) offsets[index + 1] = (offsets[index] ?? 0) + sizeOf(index);
  return { offsets, total: offsets[count] ?? 0 };
}

export function offsetOf(axis: AxisGeometry, index: number): number {
  return axis.offsets[index] ?? axis.total;
}

export function sizeOf(axis: AxisGeometry, index: number): number {
  return offsetOf(axis, index + 1) - offsetOf(axis, index);
}

/** The line at a place; -1 before the first, the number of lines behind the last. */
export function lineAt(axis: AxisGeometry, place: number): number {
  if (place < 0) return -1;
  let low = 0;
  let high = axis.offsets.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((axis.offsets[middle + 1] ?? Infinity) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

export interface LineRange {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

/** Lines that a window shows, partly shown ones included. */
export function visibleLines(axis: AxisGeometry, scroll: number, size: number): LineRange {
  const count = axis.offsets.length - 1;
  if (count === 0 || size <= 0) return { first: 0, end: 0 };
  const first = Math.min(Math.max(lineAt(axis, scroll), 0), count - 1);
  const last = Math.min(Math.max(lineAt(axis, scroll + size - 1), 0), count - 1);
  return { first, end: last + 1 };
}

/** The scroll position nearest to the present one that shows the line fully. */
export function scrollToShow(axis: AxisGeometry, index: number, view: { scroll: number; size: number }): number {
  const start = offsetOf(axis, index);
  const end = offsetOf(axis, index + 1);
  if (start < view.scroll) return start;
  if (end > view.scroll + view.size) return Math.max(0, end - view.size);
  return view.scroll;
}
