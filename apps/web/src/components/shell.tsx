import { useMemo, useState } from 'react';
import type { MouseEvent, ReactNode } from 'react';
import { useLogOut, useSession } from '../api/session.ts';
import type { Route, View } from '../navigation/route.ts';
import { formatRoute, routeTo } from '../navigation/route.ts';
import { screens } from '../navigation/screens.ts';
import { useNavigate, useRoute, useLastMatrix } from '../navigation/use-route.ts';
import { applyTheme, readTheme, themes } from '../theme/theme.ts';
import type { Theme } from '../theme/theme.ts';
import { useTray } from '../views/compare/tray.ts';
import { CommandPalette } from './command-palette.tsx';
import type { Command } from './command-palette.tsx';
import { IconButton } from './buttons.tsx';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';
import { KeyList } from './key-list.tsx';
import { useKeys } from './use-keys.ts';
import { loadScreen } from '../views/screen-loads.ts';
import './shell.css';

interface ShellProps {
  /** The heading, for those who do not see the navigation. */
  readonly title: string;
  /** The front panel. */
  readonly panel: ReactNode;
  /** What this view adds to the command palette. */
  readonly commands: readonly Command[];
  readonly children: ReactNode;
}

/** Navigation at the left, front panel on top, the view below; command palette and key list above all. */
export function Shell({ title, panel, commands, children }: ShellProps) {
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null);
  const [theme, setTheme] = useState<Theme>(readTheme);
  const navigate = useNavigate();
  const lastMatrix = useLastMatrix();
  const tray = useTray();
  const chooseTheme = (next: Theme) => {
    applyTheme(next);
    setTheme(next);
  };
  useKeys({
    'mod+k': () => setOpen('palette'),
    '?': () => setOpen('keys'),
  });
  const all = useMemo(
    (): readonly Command[] => [
      ...commands,
      ...linkedViews.map((view): Command => ({
        group: 'Go to',
        label: screens[view].label,
        run: () => navigate(view === 'matrix' ? lastMatrix : toView(view)),
      })),
      ...themes.map((name): Command => ({
        group: 'Theme',
        label: `${themeWords[name]} theme`,
        run: () => chooseTheme(name),
      })),
      { group: 'Help', label: 'List of keys', note: '?', run: () => setOpen('keys') },
      { group: 'Help', label: 'Print', run: () => print() },
    ],
    [commands, navigate, lastMatrix],
  );
  return (
    <div className="shell">
      <nav className="nav" aria-label="Views">
        <p className="nav-name">
          <Mark /> <span className="nav-text">CPU Atlas</span>
        </p>
        {linkedViews.map((view) => (
          <NavLink
            key={view}
            icon={screens[view].icon}
            route={
              view === 'matrix' ? lastMatrix : view === 'compare' ? routeTo(view, { items: tray.items }) : toView(view)
            }
            count={view === 'compare' ? tray.items.length : 0}
          >
            {screens[view].label}
          </NavLink>
        ))}
        <div className="nav-foot">
          <Visitor />
          <IconButton icon="keyboard" label="List of keys (?)" onPress={() => setOpen('keys')} />
          <IconButton
            icon={theme}
            label={`Theme: ${themeWords[theme].toLowerCase()}`}
            onPress={() => chooseTheme(themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system')}
          />
        </div>
      </nav>
      <header className="panel" aria-label="Front panel">
        {panel}
        <button type="button" className="panel-palette" onClick={() => setOpen('palette')}>
          <Icon name="search" />
          <span className="nav-text">Go to</span>
          <kbd>{isApple ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
      </header>
      <main className="view">
        <h1 className="visually-hidden">{title}</h1>
        {children}
      </main>
      {open === 'palette' ? <CommandPalette commands={all} onClose={() => setOpen(null)} /> : null}
      {open === 'keys' ? <KeyList onClose={() => setOpen(null)} /> : null}
    </div>
  );
}

/** Screens that have a place in the navigation; the others are reached from these. */
const linkedViews = (Object.keys(screens) as readonly View[]).filter((view) => screens[view].icon !== null);

function toView(view: View): Route {
  return routeTo(view) as Route;
}

/** Who is logged in, and the way out; nothing where nobody logs in. */
function Visitor() {
  const session = useSession();
  const logOut = useLogOut();
  if (session?.visitor === undefined || session.visitor === null || !session.isLoginRequired) return null;
  const { displayName, role } = session.visitor;
  return <IconButton icon="leave" label={`Log out ${displayName}, ${role}`} onPress={() => void logOut()} />;
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

const themeWords = { system: 'System', light: 'Light', dark: 'Dark' } as const satisfies Record<Theme, string>;

interface NavLinkProps {
  readonly icon: IconName | null;
  readonly route: Route;
  /** Shown behind the name; 0 is not. */
  readonly count: number;
  readonly children: string;
}

function NavLink({ icon, route, count, children }: NavLinkProps) {
  const here = useRoute();
  const navigate = useNavigate();
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(route);
  };
  return (
    <a
      className="nav-link"
      href={formatRoute(route)}
      aria-current={here.view === route.view ? 'page' : undefined}
      title={children}
      onClick={follow}
      onPointerEnter={() => void loadScreen(route.view)}
      onFocus={() => void loadScreen(route.view)}
    >
      {icon === null ? null : <Icon name={icon} />}
      <span className="nav-text">{children}</span>
      {count === 0 ? null : <span className="section-count">{count}</span>}
    </a>
  );
}

/** The mark: four cells. */
function Mark() {
  return (
    <svg className="nav-mark" width="18" height="18" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="4.5" cy="4.5" r="2.5" className="glyph-runs" fill="currentColor" />
      <circle cx="11.5" cy="4.5" r="2.5" className="glyph-runs" fill="currentColor" />
      <circle cx="4.5" cy="11.5" r="2.5" className="glyph-filtered" fill="currentColor" />
      <path
        d="m9.5 9.5 4 4m0-4-4 4"
        className="glyph-refused"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
