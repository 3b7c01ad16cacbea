import { Banner } from './fault-notice.tsx';

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
      As of <time dateTime={at}>{writeMoment(at)}</time>.
    </Banner>
  );
}

/** In the time of whoever looks; a text that is no time as it is. */
function writeMoment(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : time.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}
