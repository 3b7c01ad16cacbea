import { startTransition, useEffect, useState } from 'react';
import type { RefObject } from 'react';

/**
 * The value as it was when the last frame was shown: what follows from it is made while nobody waits, and one more
 * change calls it off. While `isUrgent` is set it follows at once.
 */
export function useAfterPaint<T>(value: T, isUrgent: RefObject<boolean>): T {
  const [followed, setFollowed] = useState(value);
  useEffect(() => {
    if (isUrgent.current) {
      setFollowed(value);
      return;
    }
    let timer = 0;
    const request = requestAnimationFrame(() => {
      timer = window.setTimeout(() => startTransition(() => setFollowed(value)));
    });
    return () => {
      cancelAnimationFrame(request);
      clearTimeout(timer);
    };
  }, [value, isUrgent]);
  return followed;
}
