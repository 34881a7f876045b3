import type { ProviderRequest } from '../provider.js';

/** The instructions the vendor adds to a request with tools (at most 530 tokens, by its documentation), and our answer tool. */
const TOKENS_OF_TOOL_USE = 600;

/** What tools, or a schema, add to the input beside their definitions. */
export const toolUseTokens = ({ tools, schema }: Pick<ProviderRequest, 'tools' | 'schema'>): number => ((tools?.length ?? 0) > 0 || schema ? TOKENS_OF_TOOL_USE : 0);
