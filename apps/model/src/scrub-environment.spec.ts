import { scrubEnvironment } from './scrub-environment.js';

describe('scrubbing the environment', () => {
  it('takes out what libraries of vendors would obey, and says what that was', () => {
    const environment = { LANGSMITH_TRACING: 'true', LANGCHAIN_ENDPOINT: 'x', HTTP_PROXY: 'x', https_proxy: 'x', ALL_PROXY: 'x', no_proxy: 'x', NODE_USE_ENV_PROXY: '1', OPENAI_API_KEY: 'k', MY_HTTP_PROXY: 'x', PATH: '/bin', TRIVET_LOG_LEVEL: 'info' };
    expect(scrubEnvironment(environment)).toEqual(['LANGSMITH_TRACING', 'LANGCHAIN_ENDPOINT', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY', 'no_proxy', 'NODE_USE_ENV_PROXY']);
    expect(environment).toEqual({ OPENAI_API_KEY: 'k', MY_HTTP_PROXY: 'x', PATH: '/bin', TRIVET_LOG_LEVEL: 'info' });
  });
});
