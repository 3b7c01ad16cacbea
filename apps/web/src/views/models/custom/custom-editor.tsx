import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SavedCustomModel } from '@cpu-atlas/contract';
import type { CatalogIndex } from '@cpu-atlas/core';
import { checkCustomModel, cpuArgumentOf } from '@cpu-atlas/core';
import { useId, useState } from 'react';
import type { FormEvent } from 'react';
import { faultOf } from '../../../api/fault.ts';
import { customModelQuery, customModelsQuery, saveCustomModel } from '../../../api/queries.ts';
import { CopyButton } from '../../../components/buttons.tsx';
import { FaultNotice } from '../../../components/fault-notice.tsx';
import { Labelled, Select } from '../../../components/inputs.tsx';
import { readChanges, writeChanges } from './changes-text.ts';

interface EditorProps {
  readonly index: CatalogIndex;
  /** Name of the model to be changed; '': a new one. */
  readonly name: string;
  readonly onSaved: (name: string) => void;
  readonly onClose: () => void;
}

/** Makes a custom model, or changes one: each save is a new version, and any older one can be taken up again. */
export function CustomEditor({ name, ...rest }: EditorProps) {
  const [version, setVersion] = useState<number | undefined>(undefined);
  const newest = useQuery(customModelQuery(name));
  const shown = useQuery(customModelQuery(name, version));
  if (name === '') return <EditorForm key="new" saved={null} name={name} {...rest} />;
  const failed = [newest, shown].find(({ isError }) => isError);
  if (failed !== undefined) {
    return (
      <FaultNotice fault={faultOf(failed.error)} onRetry={() => void failed.refetch()}>
        <button type="button" className="button" onClick={rest.onClose}>
          Close
        </button>
      </FaultNotice>
    );
  }
  if (newest.data === undefined || shown.data === undefined) {
    return (
      <p className="quiet" role="status">
        Loading {name} …
      </p>
    );
  }
  const versions = Array.from({ length: newest.data.version }, (_, at) => String(newest.data.version - at));
  return (
    <>
      <Labelled label="Version" hint={`Saved by ${shown.data.savedBy}. Saving makes a new version; this one stays.`}>
        {(id) => (
          <Select
            id={id}
            value={String(shown.data.version)}
            options={versions.map((value) => ({
              value,
              label: value === versions[0] ? `${value}, the newest` : value,
            }))}
            onChange={(value) => setVersion(Number(value))}
          />
        )}
      </Labelled>
      <EditorForm key={`${name} ${shown.data.version}`} saved={shown.data} name={name} {...rest} />
    </>
  );
}

function EditorForm({
  index,
  name,
  saved,
  onSaved,
  onClose,
}: EditorProps & { readonly saved: SavedCustomModel | null }) {
  const client = useQueryClient();
  const bases = useId();
  const [title, setTitle] = useState(name);
  const [base, setBase] = useState(saved?.model.base ?? '');
  const [text, setText] = useState(saved === null ? '' : writeChanges(saved.model));
  const read = readChanges(text, (feature) => index.features.has(feature));
  const isComplete = title.trim() !== '' && base.trim() !== '' && read.kind === 'changes';
  const model = read.kind === 'changes' ? { name: title.trim(), base: base.trim(), ...read.changes } : null;
  const findings = model === null || !isComplete ? [] : checkCustomModel(index, model);
  const save = useMutation({
    mutationFn: saveCustomModel,
    onSuccess: async (stored) => {
      await client.invalidateQueries({ queryKey: customModelsQuery.queryKey });
      onSaved(stored.model.name);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (model !== null && isComplete) save.mutate(model);
  };
  return (
    <form className="custom-form" onSubmit={submit}>
      {name === '' ? (
        <Labelled label="Name" hint="Letters, digits, dots and dashes.">
          {(id) => (
            <input id={id} className="text-input" value={title} onChange={({ target }) => setTitle(target.value)} />
          )}
        </Labelled>
      ) : null}
      <Labelled label="Base" hint="The model of QEMU that it starts from.">
        {(id) => (
          <input
            id={id}
            className="text-input"
            list={bases}
            value={base}
            onChange={({ target }) => setBase(target.value)}
          />
        )}
      </Labelled>
      <datalist id={bases}>
        {index.catalog.models.map((known) => (
          <option key={known.name} value={known.name} />
        ))}
      </datalist>
      <Labelled
        label="Changes"
        hint="Features with + and -, properties with a value: +pcid,-mpx,level=13"
        error={read.kind === 'unreadable' ? read.reason : undefined}
      >
        {(id) => (
          <textarea
            id={id}
            className="text-area"
            value={text}
            spellCheck={false}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Labelled>
      {model === null || !isComplete ? null : (
        <div className="custom-outcome" role="status">
          <p>
            <code>{cpuArgumentOf(model)}</code>{' '}
            <CopyButton label="Copy the -cpu argument" text={() => cpuArgumentOf(model)} icon />
          </p>
          {findings.length === 0 ? (
            <p className="quiet">QEMU {index.catalog.qemu.version} knows all of it.</p>
          ) : (
            <ul className="custom-findings">
              {findings.map(({ what, remedy }) => (
                <li key={what}>
                  {what}: {remedy}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {save.isError ? <FaultNotice fault={faultOf(save.error)} /> : null}
      <div className="custom-actions">
        <button type="submit" className="button button-main" disabled={!isComplete || save.isPending}>
          {save.isPending ? 'Saving …' : 'Save'}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </form>
  );
}
