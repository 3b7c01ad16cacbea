import { useQuery } from '@tanstack/react-query';
import type { HostSummary } from '@cpu-atlas/contract';
import { checkHostModel, createContext as createResolveContext, indexCatalog } from '@cpu-atlas/core';
import type { Catalog, HostSelfCheck, HostSnapshot } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import type { Fault } from '../../api/fault.ts';
import { catalogQuery } from '../../api/queries.ts';
import { pickCatalog } from '../../api/pick-atlas.ts';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import { Part } from './host-part.tsx';

interface SelfCheckProps {
  readonly host: HostSummary;
  readonly snapshot: HostSnapshot | undefined;
}

/** `-cpu host` must filter nothing: a standing check that Atlas reads this host right. */
export function SelfCheck({ host, snapshot }: SelfCheckProps) {
  const catalog = useQuery(catalogQuery(pickCatalog(host, undefined))).data?.catalog;
  const checked = useMemo(
    () => (catalog === undefined || snapshot === undefined ? null : check(catalog, snapshot)),
    [catalog, snapshot],
  );
  if (checked === null) return null;
  return (
    <Part title="Self-check">
      {'fault' in checked ? (
        <p>
          {checked.fault.code}: {checked.fault.detail}
        </p>
      ) : (
        <Result check={checked} />
      )}
    </Part>
  );
}

function check(catalog: Catalog, snapshot: HostSnapshot): HostSelfCheck | { readonly fault: Fault } {
  try {
    return checkHostModel(createResolveContext(indexCatalog(catalog), snapshot));
  } catch (thrown) {
    return { fault: faultOf(thrown) };
  }
}

function Result({ check: { outcome, reason, unavailableFeatures } }: { readonly check: HostSelfCheck }) {
  switch (outcome) {
    case 'passed':
      return (
        <p className="self-check">
          <OutcomeGlyph outcome="runs" /> Passed: <code>-cpu host</code> filters nothing.
        </p>
      );
    case 'failed':
      return (
        <p className="self-check">
          <OutcomeGlyph outcome="refused" /> Failed: <code>-cpu host</code> would lose {unavailableFeatures.join(', ')}.
          Atlas misread this host, or this QEMU has a bug: prove the cell in the matrix.
        </p>
      );
    case 'could-not-tell':
      return (
        <p className="self-check">
          <OutcomeGlyph outcome="unknown" /> Could not tell: {reason}.
        </p>
      );
  }
}
