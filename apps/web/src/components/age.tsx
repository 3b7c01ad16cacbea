import { useEffect, useState } from 'react';

const tickMs = 10_000;

/** `2 min ago`, with the absolute time on hover; moves by itself. */
export function Age({ of }: { readonly of: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  // Written when it is looked for: the words of a locale take long to load.
  const [title, setTitle] = useState<string>();
  const taken = new Date(of);
  return (
    <time dateTime={of} title={title} onPointerEnter={() => setTitle(taken.toLocaleString())}>
      {writeAge((now - taken.getTime()) / 1000)}
    </time>
  );
}

/** An age in the largest unit that leaves a whole number. */
export function writeAge(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'at an unknown time';
  if (seconds < 45) return 'just now';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  return `${Math.round(hours / 24)} days ago`;
}
