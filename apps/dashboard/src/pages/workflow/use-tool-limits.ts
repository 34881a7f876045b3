import { useQuery } from '@tanstack/react-query';
import type { Page, Tool } from '@trivet/contracts';
import { getJson } from '../../api/http.js';

/** The hard limits of a tool as it is in the catalog now; undefined while they are read, and for a tool that is there no more. */
export function useToolLimits(tool: string | undefined): Tool['limits'] | undefined {
  const { data } = useQuery({ queryKey: ['tools'], queryFn: ({ signal }) => getJson<Page<Tool>>('/api/v1/tools', {}, signal), enabled: tool !== undefined });
  return data?.items.find(({ name }) => name === tool)?.limits;
}
