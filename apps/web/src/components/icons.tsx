import type { ReactNode } from 'react';

/** The one icon set: 16 px, 1.5 px strokes, the colour of the text. */
const shapes = {
  matrix: <path d="M2.5 2.5h11v11h-11zM2.5 6.5h11M6.5 2.5v11M10.5 6.5v7M6.5 10.5h7" />,
  hosts: <path d="M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01M8 5h3M8 11h3" />,
  search: <path d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Zm3.3-1.2 3.2 3.2" />,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  down: <path d="m4.5 6.5 3.5 3.5 3.5-3.5" />,
  right: <path d="m6.5 4.5 3.5 3.5-3.5 3.5" />,
  copy: <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.5" />,
  refresh: <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3" />,
  transpose: <path d="M3 9V3h6M3 3l4 4M13 7v6H7m6 0L9 9" />,
  fold: <path d="M3 8h10M8 2v3.5M6 4l2 2 2-2M8 14v-3.5M6 12l2-2 2 2" />,
  unfold: <path d="M3 8h10M8 6V2M6 4l2-2 2 2M8 10v4M6 12l2 2 2-2" />,
  system: <path d="M2.5 3.5h11v7h-11zM6 13h4M8 10.5V13" />,
  light: (
    <path d="M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1" />
  ),
  dark: <path d="M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6Z" />,
  rows: <path d="M2.5 3.5h11M2.5 6.5h11M2.5 9.5h11M2.5 12.5h11" />,
  keyboard: <path d="M1.5 4.5h13v7h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.3h6" />,
  warning: <path d="M8 2.5 14 13H2L8 2.5ZM8 6.5v3M8 11.3h.01" />,
  clock: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.500V8l2.500 1.500" />,
  pivot: <path d="M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z" />,
  fleet: <path d="M8 2.5v4M8 6.5 3.5 10M8 6.5l4.5 3.5M2.5 10.5h3v3h-3zM10.5 10.5h3v3h-3zM6.5 10.5h3v3h-3zM8 7v3.5" />,
  leave: <path d="M6.5 3h-4v10h4M10 5l3 3-3 3M5.5 8H13" />,
  security: <path d="M8 2l5 2v4c0 3-2 5-5 6-3-1-5-3-5-6V4zM5.8 8l1.6 1.6 3-3" />,
  reports: <path d="M4 2h5.5L12.5 5v9h-8.5zM9.5 2v3h3M6 8h4.500M6 10.500h4.500" />,
  decode: <path d="M2.5 3.5h11v9h-11zM5 6.5l2 1.5-2 1.5M8.5 10h2.5" />,
  print: <path d="M4.5 5.5v-3h7v3M4.5 11.5h-2v-6h11v6h-2M4.5 9.5h7v4h-7z" />,
  pools: <path d="M6 9.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z" />,
  vms: <path d="M2.5 2.5h7v5h-7zM6.5 8.5v5h7v-5h-4M11 6.5v-3h-1.5M11 6.5 9.7 5.2M11 6.5l1.3-1.3" />,
  models: (
    <path d="M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14" />
  ),
  compare: <path d="M2.5 3h4v10h-4zM9.5 3h4v10h-4zM4.5 6h.01M11.5 10h.01" />,
  stability: <path d="M2.5 13.5v-11M2.5 5h4v3h3v3h4M13.5 11v2.5" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[name]}
    </svg>
  );
}
