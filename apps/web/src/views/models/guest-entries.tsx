import type { GuestCpuidEntryDocument } from '@cpu-atlas/contract';
import { useDeferredValue, useMemo } from 'react';
import { CopyButton } from '../../components/buttons.tsx';
import { Icon } from '../../components/icons.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { useChange } from '../../navigation/use-route.ts';
import { findEntries } from './find-entries.ts';
import type { FoundEntry } from './find-entries.ts';
import type { ModelPart } from './model-view.tsx';

interface GuestEntriesProps {
  readonly entries: readonly GuestCpuidEntryDocument[];
  readonly state: ModelPart['state'];
}

/** Every CPUID entry of the guest, register by register, down to its fields. */
export function GuestEntries({ entries, state }: GuestEntriesProps) {
  const change = useChange('model');
  const search = useDeferredValue(state.search);
  const found = useMemo(() => findEntries(entries, search), [entries, search]);
  return (
    <section className="guest-entries">
      <div className="page-toolbar">
        <SearchField
          label="Search leaves, fields and features"
          placeholder="Leaf, field, feature, value"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <p className="quiet" role="status">
          {found.length} of {entries.length} entries
        </p>
        <span className="page-toolbar-end">
          <CopyButton label="Text" text={() => writeEntries(entries)} />
        </span>
      </div>
      <table className="sheet">
        <thead>
          <tr>
            {['Leaf', 'EAX', 'EBX', 'ECX', 'EDX', 'What it says'].map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        {found.map((one) => (
          <Entry
            key={one.key}
            found={one}
            isOpen={search !== '' || state.leaf === one.key}
            onToggle={() => change({ leaf: state.leaf === one.key ? '' : one.key }, 'replace')}
          />
        ))}
      </table>
      {found.length === 0 ? <p className="quiet models-note">Nothing is called “{state.search}”.</p> : null}
    </section>
  );
}

interface EntryProps {
  readonly found: FoundEntry;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function Entry({ found: { key, entry }, isOpen, onToggle }: EntryProps) {
  const { eax, ebx, ecx, edx, fields, features, unknown, isUncertain } = entry;
  const canOpen = fields.length + features.length > 0 || unknown !== undefined;
  return (
    <tbody>
      <tr>
        <th scope="row">
          {canOpen ? (
            <button type="button" className="register-toggle mono" aria-expanded={isOpen} onClick={onToggle}>
              <Icon name={isOpen ? 'down' : 'right'} size={12} /> {key}
            </button>
          ) : (
            <span className="mono">{key}</span>
          )}
        </th>
        {[eax, ebx, ecx, edx].map((value, at) => (
          <td key={at} className="mono models-small" data-quiet={/^0x0+$/.test(value) ? '' : undefined}>
            {value}
          </td>
        ))}
        <td className="quiet">
          {isUncertain === true ? 'perhaps there; ' : ''}
          {summarise(entry)}
        </td>
      </tr>
      {isOpen && canOpen ? (
        <tr>
          <td colSpan={6} className="guest-fields">
            {unknown === undefined ? null : <p className="quiet">Some bits are not known: {unknown.why}.</p>}
            <dl className="facts">
              {fields.map(({ register, bits, name, value }) => (
                <Field key={`${register} ${bits} ${name}`} term={`${register.toUpperCase()}[${bits}]`}>
                  {name}: {value ?? '?'}
                </Field>
              ))}
            </dl>
            {features.length === 0 ? null : <p className="mono models-small">{features.join(' ')}</p>}
          </td>
        </tr>
      ) : null}
    </tbody>
  );
}

function Field({ term, children }: { readonly term: string; readonly children: React.ReactNode }) {
  return (
    <>
      <dt className="mono models-small">{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

function summarise({ fields, features }: GuestCpuidEntryDocument): string {
  const parts = [
    fields.length === 0 ? '' : fields.length === 1 ? '1 field' : `${fields.length} fields`,
    features.length === 0 ? '' : features.length === 1 ? '1 feature' : `${features.length} features`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** As `cpuid -r` writes it, so that other tools read it. */
function writeEntries(entries: readonly GuestCpuidEntryDocument[]): string {
  return entries
    .map((entry) => {
      const { leaf, subleaf, eax, ebx, ecx, edx } = entry;
      return `   ${leaf} 0x${subleaf.toString(16).padStart(2, '0')}: eax=${eax} ebx=${ebx} ecx=${ecx} edx=${edx}`;
    })
    .join('\n')
    .concat('\n');
}
