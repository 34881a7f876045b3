/**
 * What libraries of vendors read from the environment by themselves: where LangChain sends traces and prompts (LangSmith,
 * its gateway), and proxies that requests would take. None of it is ours, so none of it may have an effect.
 */
const UNWANTED = /^(LANGSMITH|LANGCHAIN)_|^((HTTP|HTTPS|ALL|NO)_PROXY|NODE_USE_ENV_PROXY)$/i;

/**
 * Takes these variables out of an environment, before a library of a vendor is loaded.
 *
 * @returns their names, for the log; never their values
 */
export function scrubEnvironment(environment: Record<string, string | undefined>): string[] {
  const names = Object.keys(environment).filter((name) => UNWANTED.test(name));
  for (const name of names) delete environment[name];
  return names;
}
