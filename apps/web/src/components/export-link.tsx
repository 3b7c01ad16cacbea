import { formatRoute, routeTo } from '../navigation/route.ts';
import type { ViewState } from '../navigation/route.ts';
import { Icon } from './icons.tsx';

/** From a screen to the report of what it shows. */
export function ExportLink({ report }: { readonly report: Partial<ViewState<'reports'>> }) {
  return (
    <a
      className="icon-button"
      href={formatRoute(routeTo('reports', report))}
      title="Export as a report"
      aria-label="Export as a report"
    >
      <Icon name="reports" />
    </a>
  );
}
