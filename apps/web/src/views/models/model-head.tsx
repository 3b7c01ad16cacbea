import { useQuery } from '@tanstack/react-query';
import { abiReach, familyOf, isDefinedModel, readDefinition } from '@cpu-atlas/core';
import type { NameHistory } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { stabilityQuery } from '../../api/queries.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import { TrayButton } from '../compare/tray-button.tsx';
import type { ModelPart } from './model-view.tsx';

/** Who the model is, in three lines. */
export function ModelHead({ loaded: { index, hash }, state }: ModelPart) {
  const { name, machine, accel, at } = state;
  const stability = useQuery(stabilityQuery);
  const definition = useMemo(
    () => readDefinition(index, accel, { model: name, machine }),
    [index, accel, name, machine],
  );
  const facts = index.catalog.models[index.modelByName.get(name) ?? -1];
  const history = stability.data?.names.find((one) => one.kind === 'cpu-model' && one.name === name);
  const { family, vendor } = familyOf(name);
  return (
    <header className="model-head">
      <div className="model-head-line">
        <h2 className="mono model-title">{name}</h2>
        <span className="chip">{vendor}</span>
        <span className="chip">{family}</span>
        {facts?.deprecated === true ? (
          <span className="chip" data-tone="filtered">
            deprecated
          </span>
        ) : null}
        {facts?.migrationSafe === 'yes' ? null : (
          <span className="chip" data-tone="filtered" title="QEMU does not promise that it is the same elsewhere">
            not migration-safe
          </span>
        )}
        <span className="model-head-actions">
          <TrayButton item={{ kind: 'model', name }} hint="c" />
          <a className="button" href={formatRoute(routeTo('matrix', { search: name, accel }))}>
            In the matrix
          </a>
          <a
            className="button"
            href={formatRoute(routeTo('pivot', { rows: 'host', columns: 'machine', model: name, accel, at }))}
          >
            In the fleet
          </a>
        </span>
      </div>
      <p>
        {definition === null ? (
          isDefinedModel(name) ? (
            <>
              Not offered on <span className="mono">{machine}</span>.
            </>
          ) : (
            'What it is depends on the host and the accelerator.'
          )
        ) : (
          <Definition definition={definition} machine={machine} hash={hash} />
        )}{' '}
        {history === undefined ? null : <History history={history} releases={stability.data?.releases ?? []} />}
      </p>
    </header>
  );
}

interface DefinitionProps {
  readonly definition: NonNullable<ReturnType<typeof readDefinition>>;
  readonly machine: string;
  readonly hash: string;
}

function Definition({ definition: { aliasOf, features }, machine, hash }: DefinitionProps) {
  const has = new Set(features);
  const reach = abiReach((feature) => has.has(feature));
  const [next] = reach.short;
  return (
    <>
      {aliasOf === null ? null : (
        <>
          On <span className="mono">{machine}</span> it is{' '}
          <a className="mono" href={formatRoute(routeTo('model', { name: aliasOf, catalog: hash, machine }))}>
            {aliasOf}
          </a>
          .{' '}
        </>
      )}
      It asks for {features.length} features: ABI level <strong>{reach.name ?? 'below x86-64-v1'}</strong>
      {next === undefined ? '.' : `; short of ${next.name}: ${next.lacks.join(', ')}.`}
    </>
  );
}

function History({
  history: { since, deprecatedSince, removedIn },
  releases,
}: {
  readonly history: NameHistory;
  readonly releases: readonly string[];
}) {
  const [oldest] = releases;
  return (
    <span className="quiet" title={`Of the known releases: ${releases.join(', ')}`}>
      {since === null ? `QEMU ${oldest ?? ''} has it` : `Since QEMU ${since}`}
      {deprecatedSince === null ? '' : `, deprecated since ${deprecatedSince}`}
      {removedIn === null ? '' : `, removed in ${removedIn}`}.
    </span>
  );
}
