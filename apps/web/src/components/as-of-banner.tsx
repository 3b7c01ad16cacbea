import { Banner } from './fault-notice.tsx';
import { writeMoment } from './write-moment.ts';

interface AsOfBannerProps {
  /** RFC 3339; '': now, and nothing is said. */
  readonly at: string;
  readonly onNow: () => void;
}

/** Says that the screen is held at a moment, and leads back to now. */
export function AsOfBanner({ at, onNow }: AsOfBannerProps) {
  if (at === '') return null;
  return (
    <Banner
      tone="held"
      action={
        <button type="button" className="button" onClick={onNow}>
          Now
        </button>
      }
    >
      As of <time dateTime={at}>{writeMoment(at, 'full')}</time>.
    </Banner>
  );
}
