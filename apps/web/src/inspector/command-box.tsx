import { CopyButton } from '../components/buttons.tsx';

/** A command line to copy; it breaks after spaces and commas only, never inside a word. */
export function CommandBox({ text, label }: { readonly text: string; readonly label: string }) {
  const words = text.split(/(?<=[ ,])/);
  return (
    <div className="command-line">
      <code>
        {words.map((word, at) => (
          <span key={at}>{word}</span>
        ))}
      </code>
      <CopyButton label={label} text={() => text} icon />
    </div>
  );
}
