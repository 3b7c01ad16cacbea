import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { CustomModelCheckRequest } from '@cpu-atlas/contract';
import { useState } from 'react';
import { faultOf } from '../../../api/fault.ts';
import { checkCustomModelFile, customModelsQuery, saveCustomModel } from '../../../api/queries.ts';
import { FaultNotice } from '../../../components/fault-notice.tsx';
import { Labelled, Select } from '../../../components/inputs.tsx';

type Format = NonNullable<CustomModelCheckRequest['file']>['format'];

const formats = [
  { value: 'proxmox', label: 'Proxmox: cpu-models.conf' },
  { value: 'cpudef', label: 'QEMU before 1.5: [cpudef]' },
] as const satisfies readonly { readonly value: Format; readonly label: string }[];

/** Custom models from files of others: looked at first, then saved one by one. */
export function CustomImport({ catalog, onClose }: { readonly catalog: string; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [format, setFormat] = useState<Format>('proxmox');
  const [text, setText] = useState('');
  const look = useMutation({ mutationFn: () => checkCustomModelFile({ file: { format, text }, catalog }) });
  const save = useMutation({
    mutationFn: async () => {
      for (const { model } of look.data?.models ?? []) await saveCustomModel(model);
    },
    onSettled: () => client.invalidateQueries({ queryKey: customModelsQuery.queryKey }),
    onSuccess: onClose,
  });
  const found = look.data?.models ?? [];
  return (
    <div className="custom-form">
      <Labelled label="Format">
        {(id) => <Select id={id} value={format} options={formats} onChange={setFormat} />}
      </Labelled>
      <Labelled label="Content of the file">
        {(id) => (
          <textarea
            id={id}
            className="text-area custom-file"
            value={text}
            spellCheck={false}
            placeholder={'cpu-model: my-cpu\n    flags +aes;-mpx\n    reported-model kvm64'}
            onChange={({ target }) => {
              setText(target.value);
              look.reset();
            }}
          />
        )}
      </Labelled>
      {look.isError ? <FaultNotice fault={faultOf(look.error)} /> : null}
      {save.isError ? <FaultNotice fault={faultOf(save.error)} /> : null}
      {look.data === undefined ? null : (
        <table className="sheet" aria-label="Models in the file">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Stands for</th>
              <th scope="col">QEMU {look.data.catalog.version}</th>
            </tr>
          </thead>
          <tbody>
            {found.map(({ model, cpu, findings }) => (
              <tr key={model.name}>
                <th scope="row">{model.name}</th>
                <td className="mono">{cpu}</td>
                <td>{findings.length === 0 ? 'knows all of it' : findings.map(({ what }) => what).join('; ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="custom-actions">
        <button
          type="button"
          className="button"
          disabled={text.trim() === '' || look.isPending}
          onClick={() => look.mutate()}
        >
          {look.isPending ? 'Reading …' : 'Look at it first'}
        </button>
        <button
          type="button"
          className="button button-main"
          disabled={found.length === 0 || save.isPending}
          onClick={() => save.mutate()}
        >
          {save.isPending ? 'Saving …' : `Save ${found.length === 1 ? '1 model' : `${found.length} models`}`}
        </button>
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </div>
  );
}
