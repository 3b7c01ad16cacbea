import { useMemo } from 'react';
import { Modal } from './modal.tsx';
import { OptionList } from './option-list.tsx';
import type { Option } from './fuzzy-options.ts';

/** Something one can do or go to, by its name. */
export interface Command {
  readonly group: string;
  readonly label: string;
  readonly note?: string;
  readonly keywords?: string;
  readonly run: () => void;
}

/** Do anything: type a few letters, Enter. */
export function CommandPalette({
  commands,
  onClose,
}: {
  readonly commands: readonly Command[];
  readonly onClose: () => void;
}) {
  const options = useMemo(
    () => commands.map(({ run: _run, ...option }, at): Option => ({ ...option, value: String(at) })),
    [commands],
  );
  return (
    <Modal label="Commands" onClose={onClose}>
      <OptionList
        label="Command"
        placeholder="Model, machine type or command"
        options={options}
        chosen={null}
        onPick={(value) => {
          onClose();
          commands[Number(value)]?.run();
        }}
      />
    </Modal>
  );
}
