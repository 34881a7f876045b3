import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type Environment } from '@trivet/service';
import { loadModelConfig } from './service-config.js';

describe('the configuration of the model service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trivet-model-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (text: string): string => {
    const path = join(folder, `${Math.random()}.yaml`);
    writeFileSync(path, text);
    return path;
  };
  const problemsOf = (environment: Environment): readonly string[] => {
    try {
      loadModelConfig(environment);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    return [];
  };

  it('needs nothing', () => {
    expect(loadModelConfig({}).routing.endpoints).toMatchObject([{ provider: 'local' }]);
  });

  it('takes the key of each vendor that is set, an empty one being none', () => {
    const config = loadModelConfig({ OPENAI_API_KEY: '', ANTHROPIC_API_KEY: 'a', GEMINI_BASE_URL: 'http://127.0.0.1:1' });
    expect(config.routing.endpoints).toMatchObject([{ provider: 'anthropic' }, { provider: 'gemini', baseUrl: 'http://127.0.0.1:1' }]);
    expect(config.secrets).toEqual({ ANTHROPIC_API_KEY: 'a', GEMINI_API_KEY: undefined });
    expect(problemsOf({ ANTHROPIC_BASE_URL: 'nonsense', GEMINI_BASE_URL: 'ftp://x' })).toEqual([expect.stringContaining('ANTHROPIC_BASE_URL'), expect.stringContaining('GEMINI_BASE_URL')]);
  });

  it('takes the keys that the file’s endpoints name, and no others', () => {
    const path = fileOf('endpoints: [{ name: a, provider: openai, apiKeyVariable: LAB_KEY, models: served }]');
    expect(loadModelConfig({ TRIVET_MODEL_CONFIG: path, LAB_KEY: 'k', OTHER_KEY: 'o' }).secrets).toEqual({ LAB_KEY: 'k' });
  });

  it('reports problems of variables and file together, without values of keys', () => {
    const path = fileOf('endpoints: [{ name: a, provider: gopher }, { name: b b, provider: local }]');
    const problems = problemsOf({ TRIVET_MODEL_CONFIG: path, TRIVET_LOG_LEVEL: 'loud', OPENAI_BASE_URL: 'nonsense', OPENAI_API_KEY: 'sk-secret' });
    expect(problems).toEqual([expect.stringContaining('TRIVET_LOG_LEVEL'), expect.stringContaining('OPENAI_BASE_URL'), expect.stringContaining('/endpoints/0/provider'), expect.stringContaining('/endpoints/1/name')]);
    expect(problems.join()).not.toContain('sk-secret');
  });

  it('reports a key that is missing, and a file that is', () => {
    const path = fileOf('endpoints: [{ name: a, provider: openai, apiKeyVariable: LAB_KEY, models: served }]');
    expect(problemsOf({ TRIVET_MODEL_CONFIG: path })).toEqual([expect.stringContaining('LAB_KEY is not set; endpoint a')]);
    expect(problemsOf({ TRIVET_MODEL_CONFIG: '/nowhere.yaml' })).toEqual([expect.stringContaining('/nowhere.yaml, which cannot be read (ENOENT)')]);
  });
});
