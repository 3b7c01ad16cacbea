import './sentence.css';

/**
 * A sentence of the core on the screen: `<bit>` and `<feature>`, which stand for names, are set apart, and what one
 * would type (`,-pku`) does not break.
 */
export function Sentence({ text }: { readonly text: string }) {
  return text.split(/(\S*<(?:bit|feature)>\S*|,[-+]\S+)/).map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      <span key={at} className="sentence-word">
        {part.split(/<(bit|feature)>/).map((word, place) => (place % 2 === 0 ? word : <var key={place}>{word}</var>))}
      </span>
    ),
  );
}
