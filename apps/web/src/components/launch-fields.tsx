import type { Accelerator, KernelIrqchip } from '@cpu-atlas/core';
import { Segmented } from './segmented.tsx';

const accelerators = [
  { value: 'kvm', label: 'kvm' },
  { value: 'tcg', label: 'tcg', title: 'QEMU emulates the CPU in software' },
] as const;

/** What `kernel-irqchip` may be; '' leaves it to the machine type. */
export const irqchips = [
  { value: '', label: 'auto', title: 'what the machine type does by itself' },
  { value: 'on', label: 'on', title: 'kernel-irqchip=on' },
  { value: 'split', label: 'split', title: 'kernel-irqchip=split' },
  { value: 'off', label: 'off', title: 'kernel-irqchip=off' },
] as const;

interface AcceleratorFieldProps {
  readonly accel: Accelerator;
  readonly onChange: (change: { readonly accel: Accelerator }) => void;
}

/** kvm or tcg, on the front panel of every screen that it changes the answer of. */
export function AcceleratorField({ accel, onChange }: AcceleratorFieldProps) {
  return (
    <Segmented
      label="Accelerator"
      choices={accelerators}
      chosen={accel}
      onChoose={(chosen) => onChange({ accel: chosen })}
    />
  );
}

interface LaunchFieldsProps {
  readonly state: { readonly accel: Accelerator; readonly irqchip: KernelIrqchip | '' };
  readonly onChange: (change: { readonly accel: Accelerator } | { readonly irqchip: KernelIrqchip | '' }) => void;
}

/** Accelerator, and under KVM who emulates the interrupt controllers. */
export function LaunchFields({ state, onChange }: LaunchFieldsProps) {
  return (
    <>
      <AcceleratorField accel={state.accel} onChange={onChange} />
      {state.accel === 'kvm' ? (
        <Segmented
          label="Irqchip"
          choices={irqchips}
          chosen={state.irqchip}
          onChoose={(irqchip) => onChange({ irqchip })}
        />
      ) : null}
    </>
  );
}
