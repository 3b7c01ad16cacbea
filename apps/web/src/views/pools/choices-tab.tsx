import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { RankedChoiceDocument } from '@cpu-atlas/contract';
import { customModelsQuery, planQuery } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import type { TableColumn } from '../../components/table/table-column.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { AnswerOf, countHosts } from './answer.tsx';
import { ChoicePane } from './choice-pane.tsx';
import type { PlanInput } from './plan-input.ts';
import { Share } from './share.tsx';

interface ChoicesTabProps {
  readonly input: PlanInput;
  readonly machine: string;
  readonly state: ViewState<'pools'>;
}

/** All that any QEMU knows: lists are short enough to be sent whole. */
const everyChoice = 512;
/** Custom models that one ranking takes. */
const mostLines = 256;

interface RankedRow {
  readonly rank: number;
  readonly choice: RankedChoiceDocument;
  /** Name of the custom model that it is; null: it is one of QEMU's. */
  readonly custom: string | null;
}

/** Every model for the chosen hosts, best first, with what it loses and the line that starts everywhere. */
export function ChoicesTab({ input, machine, state }: ChoicesTabProps) {
  const change = useChange('pools');
  const custom = useQuery(customModelsQuery);
  const lines = custom.data?.items.slice(0, mostLines).map(({ cpu }) => cpu) ?? [];
  const asked = planQuery(
    { kind: 'choices', ...input.request, limit: everyChoice, ...(lines.length === 0 ? {} : { lines }) },
    input.stamp,
  );
  const query = useQuery({ ...asked, enabled: !custom.isPending, placeholderData: keepPreviousData });
  return (
    <AnswerOf query={query} what={`every model on ${countHosts(input.hosts.length)}, ranked and proven`}>
      {({ choices }) => {
        const nameOf = new Map(custom.data?.items.map(({ cpu, model }) => [cpu, model.name]));
        const rows = choices.map((choice, at): RankedRow => ({
          rank: at + 1,
          choice,
          custom: nameOf.get(choice.model) ?? null,
        }));
        const shown = choices.find(({ model }) => model === state.model) ?? choices[0];
        return (
          <div className="page-split">
            <DataTable
              label="Ranked choices"
              columns={columns}
              rows={rows}
              keyOf={({ choice }) => choice.model}
              sort={state.sort}
              onSort={(sort) => change({ sort })}
              onOpen={({ choice }) => change({ model: choice.model }, 'replace')}
              current={shown?.model ?? null}
              empty={
                <EmptyState title="No model is known">
                  <p>No QEMU of these hosts knows a CPU model on {machine}. Choose another machine type above.</p>
                </EmptyState>
              }
            />
            {shown === undefined ? null : <ChoicePane choice={shown} input={input} machine={machine} state={state} />}
          </div>
        );
      }}
    </AnswerOf>
  );
}

const columns: readonly TableColumn<RankedRow>[] = [
  { key: 'rank', head: '#', width: '44px', align: 'end', value: ({ rank }) => rank },
  {
    key: 'model',
    head: 'Model',
    width: 'minmax(170px, 1.4fr)',
    value: ({ choice, custom }) => custom ?? choice.model,
    cell: ({ choice, custom }) => (
      <span
        className="mono"
        data-dimmed={choice.deprecated ? '' : undefined}
        title={custom === null ? undefined : choice.model}
      >
        {custom ?? choice.model} {custom === null ? null : <span className="chip">custom</span>}
      </span>
    ),
  },
  {
    key: 'plain',
    head: 'As it is',
    title: 'Hosts on which the model gets all that it asks for',
    width: '92px',
    value: ({ choice }) => choice.plain.yes,
    cell: ({ choice }) => <Share tally={choice.plain} />,
  },
  {
    key: 'line',
    head: 'With its line',
    title: 'Hosts on which the adapted line starts under enforce, with the same guest CPU',
    width: '108px',
    value: ({ choice }) => choice.proof.yes,
    cell: ({ choice }) => <Share tally={choice.proof} />,
  },
  {
    key: 'level',
    head: 'ABI',
    title: 'x86-64 ABI level of the guest',
    width: '64px',
    value: ({ choice }) => choice.abiLevel,
    cell: ({ choice }) => <span className="mono">{choice.abiLevel === 0 ? 'none' : `v${choice.abiLevel}`}</span>,
  },
  {
    key: 'features',
    head: 'Features',
    title: 'Features that the guest has on every host that starts the line',
    width: '84px',
    align: 'end',
    value: ({ choice }) => choice.features.length,
  },
  {
    key: 'loses',
    head: 'Loses',
    title: 'What the model as it is loses on some host',
    width: 'minmax(180px, 3fr)',
    value: ({ choice }) => choice.losses.length,
    cell: ({ choice }) => <Losses choice={choice} />,
  },
];

const shownLosses = 4;

function Losses({ choice: { losses, refusals } }: { readonly choice: RankedChoiceDocument }) {
  if (losses.length === 0) {
    return <span className="quiet">{refusals.length === 0 ? 'nothing' : (refusals[0]?.reason ?? '')}</span>;
  }
  return (
    <>
      <span className="mono">{losses.length}</span>
      <span className="quiet mono pool-ellipsis">
        {losses
          .slice(0, shownLosses)
          .map(({ feature }) => feature)
          .join(' ')}
        {losses.length > shownLosses ? ' …' : ''}
      </span>
    </>
  );
}
