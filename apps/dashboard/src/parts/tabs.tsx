import type { KeyboardEvent, ReactNode } from 'react';

export interface Tab {
  id: string;
  label: ReactNode;
}

/** Tabs as the ARIA practices describe them: arrow keys move, the chosen one is in the page's address (the caller keeps it). */
export function Tabs({ label, tabs, chosen, onChoose, children }: { label: string; tabs: readonly Tab[]; chosen: string; onChoose: (id: string) => void; children: ReactNode }) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div className="grid min-w-0 gap-4">
      <div role="tablist" aria-label={label} onKeyDown={move} className="flex gap-1 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <button key={tab.id} id={`tab-${tab.id}`} type="button" role="tab" aria-selected={tab.id === chosen} aria-controls={`panel-${tab.id}`} tabIndex={tab.id === chosen ? 0 : -1} onClick={() => onChoose(tab.id)} className={`-mb-px border-b-2 px-3 py-2 whitespace-nowrap ${tab.id === chosen ? 'border-accent font-semibold text-ink' : 'border-transparent text-muted hover:text-ink'}`}>
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`panel-${chosen}`} aria-labelledby={`tab-${chosen}`} className="min-w-0">
        {children}
      </div>
    </div>
  );
}
