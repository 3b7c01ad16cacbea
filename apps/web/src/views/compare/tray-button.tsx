import { Icon } from '../../components/icons.tsx';
import type { CompareItem } from './compare-items.ts';
import { useTray } from './tray.ts';

/** Puts something into the compare tray, or takes it out. */
export function TrayButton({ item, hint }: { readonly item: CompareItem; readonly hint?: string }) {
  const tray = useTray();
  const isIn = tray.holds(item);
  const label = isIn ? 'In the compare tray' : 'Add to compare';
  return (
    <button
      type="button"
      className="button"
      aria-pressed={isIn}
      title={hint === undefined ? label : `${label} (${hint})`}
      onClick={() => tray.toggle(item)}
    >
      <Icon name={isIn ? 'check' : 'compare'} size={12} /> {isIn ? 'Compared' : 'Compare'}
    </button>
  );
}
