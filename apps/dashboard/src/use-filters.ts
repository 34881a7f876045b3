import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Search } from './search.js';

/** The filters of the page at hand, and a way to change some of them: undefined or '' takes one away. The address follows, without a step in the browser's history. */
export function useFilters(): [Search, (changes: Search) => void] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback((changes: Search) => void navigate({ to: '.', search: (before: Search) => ({ ...before, ...changes }), replace: true }), [navigate]);
  return [search, change];
}
