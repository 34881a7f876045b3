import type { ButtonHTMLAttributes } from 'react';

type Tone = 'plain' | 'main' | 'danger' | 'quiet';

const TONES: Record<Tone, string> = {
  plain: 'border-line bg-surface text-ink hover:bg-raised',
  main: 'border-accent bg-accent text-on-accent hover:opacity-90',
  danger: 'border-bad bg-surface text-bad hover:bg-raised',
  quiet: 'border-transparent bg-transparent text-muted hover:bg-raised hover:text-ink',
};

export function Button({ tone = 'plain', busy = false, className = '', disabled, ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { tone?: Tone; busy?: boolean }) {
  return <button type="button" {...rest} disabled={disabled || busy} aria-busy={busy || undefined} className={`inline-flex min-h-8 items-center gap-1.5 rounded-md border px-3 py-1 font-medium whitespace-nowrap disabled:cursor-not-allowed disabled:opacity-55 ${TONES[tone]} ${className}`} />;
}
