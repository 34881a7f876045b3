import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { useCallback, useRef, useState } from 'react';
import { useLiveFacts } from '../api/live.js';
import { sessionQuery, useRole, wantsKey } from '../api/session.js';
import { Button } from '../parts/button.js';
import { Toasts } from '../parts/toasts.js';
import { Account } from './account.js';
import { HealthDot } from './health-dot.js';
import { useKeyboard } from './keyboard.js';
import { Mark } from './mark.js';
import { KeysDialog } from './keys-dialog.js';
import { Navigation } from './navigation.js';
import { Omnibox } from './omnibox.js';
import { SignIn } from './sign-in.js';
import { SubmitDialog } from './submit-dialog.js';
import { ThemeButton } from './theme-button.js';

/** What stands around every page: name, health, search, the way to submit, the links. */
export function Frame() {
  const session = useQuery(sessionQuery);
  return wantsKey(session.error) ? <SignIn /> : <SignedInFrame />;
}

function SignedInFrame() {
  const box = useRef<HTMLInputElement>(null);
  const { mayWrite } = useRole();
  const { connected } = useLiveFacts();
  const [dialog, setDialog] = useState<'submit' | 'keys'>();
  const close = useCallback(() => setDialog(undefined), []);
  const onNew = useCallback(() => mayWrite && setDialog('submit'), [mayWrite]);
  const onHelp = useCallback(() => setDialog('keys'), []);
  useKeyboard({ box, onNew, onHelp });
  return (
    <>
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-surface focus:p-2">
        To the page
      </a>
      <header className="sticky top-0 z-20 flex h-14 items-center gap-3 border-b border-line bg-surface px-3">
        <Link to="/" search={{}} aria-label="Trivet: overview" className="flex items-center gap-2 text-base font-semibold">
          <Mark />
          <span className="hidden sm:inline">Trivet</span>
        </Link>
        <HealthDot live={connected} />
        <Omnibox box={box} />
        <Account />
        <ThemeButton />
        {mayWrite && (
          <Button tone="main" onClick={() => setDialog('submit')} title="n">
            Submit<span className="hidden sm:inline"> a task</span>
          </Button>
        )}
      </header>
      <div className="lg:flex">
        <Navigation />
        <main id="page" tabIndex={-1} className="mx-auto grid w-full max-w-7xl min-w-0 content-start gap-5 p-4 outline-none lg:p-6">
          <Outlet />
        </main>
      </div>
      {dialog === 'submit' && <SubmitDialog onClose={close} />}
      {dialog === 'keys' && <KeysDialog onClose={close} />}
      <Toasts />
    </>
  );
}
