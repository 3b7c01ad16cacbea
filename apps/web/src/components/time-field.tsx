import { formatRoute } from '../navigation/route.ts';
import type { Route } from '../navigation/route.ts';
import { useRoute } from '../navigation/use-route.ts';
import { CopyButton } from './buttons.tsx';
import type { Option } from './fuzzy-options.ts';
import { PickList } from './pick-list.tsx';
import { writeMoment } from './write-moment.ts';

interface TimeFieldProps {
  /** RFC 3339; '': now. */
  readonly at: string;
  readonly onPick: (at: string) => void;
}

const hourMs = 3_600_000;
const earlier = [
  { label: '1 hour ago', agoMs: hourMs },
  { label: '1 day ago', agoMs: 24 * hourMs },
  { label: '7 days ago', agoMs: 7 * 24 * hourMs },
  { label: '30 days ago', agoMs: 30 * 24 * hourMs },
] as const;

/**
 * The time as of which the fleet is told. Held at a moment, a link shows the same snapshots later and elsewhere; the button
 * copies such a link of the screen as it is, whether it is held or follows the fleet.
 */
export function TimeField({ at, onPick }: TimeFieldProps) {
  const route = useRoute();
  return (
    <>
      <PickList
        label="Time"
        value={<span className="panel-value">{at === '' ? 'now' : writeMoment(at, 'short')}</span>}
        chosen={at}
        options={() => listTimes(at, Date.now())}
        onPick={onPick}
      />
      <span className="panel-link">
        <CopyButton icon label="Copy a link to these snapshots" text={() => writeHeldLink(route)} />
      </span>
    </>
  );
}

/** The address of the screen, held at this moment if it is not held yet. */
function writeHeldLink(route: Route): string {
  const held =
    'state' in route && 'at' in route.state && route.state.at === ''
      ? { ...route, state: { ...route.state, at: new Date().toISOString() } }
      : route;
  return new URL(formatRoute(held as Route), window.location.href).href;
}

function listTimes(at: string, nowMs: number): readonly Option[] {
  const moment = (agoMs: number) => new Date(nowMs - agoMs).toISOString();
  return [
    { value: '', label: 'now', note: 'follows the fleet' },
    ...(at === '' ? [] : [{ value: at, label: writeMoment(at, 'short'), note: 'held' }]),
    { value: moment(0), label: 'this moment', note: 'held: the link keeps these snapshots' },
    ...earlier.map(({ label, agoMs }): Option => ({ value: moment(agoMs), label, note: 'as the fleet was' })),
  ];
}
