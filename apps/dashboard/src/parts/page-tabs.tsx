import type { ReactNode } from 'react';
import { one } from '../search.js';
import { useFilters } from '../use-filters.js';
import { Tabs, type Tab } from './tabs.js';

export interface PageTab extends Tab {
  show: () => ReactNode;
}

/** The tabs of a page; which one is chosen stands in its address, and nothing there means the first. */
export function PageTabs({ label, tabs }: { label: string; tabs: readonly [PageTab, ...PageTab[]] }) {
  const [filters, change] = useFilters();
  const [first] = tabs;
  const chosen = tabs.find(({ id }) => id === one(filters['tab'])) ?? first;
  return (
    <Tabs label={label} tabs={tabs} chosen={chosen.id} onChoose={(id) => change({ tab: id === first.id ? undefined : id })}>
      {chosen.show()}
    </Tabs>
  );
}
