import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { VARIABLES as EXECUTOR } from '../apps/executor/src/variables.js';
import { VARIABLES as MODEL } from '../apps/model/src/variables.js';
import { VARIABLES as ORCHESTRATOR } from '../apps/orchestrator/src/variables.js';
import { CONSUMERS, SERVICES, STREAMS, type Service } from '../contracts/src/index.js';
import { createAdminRoutes, createHealth, loadConfig } from '../libs/service/src/index.js';
import { assemble, type Resource } from './kustomization-files.js';
import { mistakesOf } from './kubernetes-schemas.js';

const FOLDER = join(import.meta.dirname, 'k8s');
const OVERLAYS = ['development', 'production'] as const;
const run = promisify(execFile);

const VARIABLES_OF = { orchestrator: ORCHESTRATOR, executor: EXECUTOR, model: MODEL };
const assemblies = new Map(OVERLAYS.map((name) => [name, assemble(join(FOLDER, 'overlays', name))]));
const egress = assemble(join(FOLDER, 'components', 'executor-egress'));

/** What a resource is made of here, loosely: its schema was checked before. */
interface Spec {
  [field: string]: Spec & Spec[] & string & number;
}
const specOf = (resource: Resource | undefined): Spec => (resource?.spec ?? {}) as unknown as Spec;
const find = (resources: readonly Resource[], kind: string, name: string): Resource => {
  const found = resources.find((each) => each.kind === kind && each.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
const WORKLOADS = ['Deployment', 'StatefulSet', 'Job'];
const workloads = (resources: readonly Resource[]): Resource[] => resources.filter(({ kind }) => WORKLOADS.includes(kind));
const podOf = (resource: Resource): Spec => specOf(resource)['template'] as Spec;
const containersOf = (resource: Resource): Spec[] => [...(podOf(resource)['spec']?.['containers'] ?? [])];
const labelsOf = (resource: Resource): Record<string, string> => (podOf(resource)['metadata']?.['labels'] ?? {}) as unknown as Record<string, string>;
const matches = (selector: object | undefined, labels: Record<string, string>): boolean => Object.entries(selector ?? {}).every(([name, value]) => name === 'statefulset.kubernetes.io/pod-name' || labels[name] === value);
const settingsOf = (resources: readonly Resource[]): Record<string, string> => find(resources, 'ConfigMap', 'trivet-settings').data ?? {};

describe.each(OVERLAYS)('infra/k8s/overlays/%s', (name) => {
  const { resources, configMaps, secrets } = assemblies.get(name) ?? assemble('unreachable');

  it('is valid by the published schemas, and has no field they do not know', () => {
    expect(resources.flatMap((resource) => mistakesOf(resource).map((mistake) => `${resource.kind} ${resource.metadata.name}: ${mistake}`))).toEqual([]);
  });

  it('names each resource once', () => {
    const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.filter((one, index) => names.indexOf(one) !== index)).toEqual([]);
  });

  it('has selectors that find what they are for', () => {
    const labels = workloads(resources).map(labelsOf);
    for (const resource of resources.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')) expect(matches(specOf(resource)['selector']?.['matchLabels'], labelsOf(resource))).toBe(true);
    const lost = resources.filter(({ kind }) => kind === 'Service' || kind === 'PodDisruptionBudget').filter((resource) => {
      const selector = specOf(resource)['selector'];
      return !labels.some((each) => matches(selector?.['matchLabels'] ?? selector, each));
    });
    expect(lost.map(({ metadata }) => metadata.name)).toEqual([]);
  });

  it('has policies for pods that are there', () => {
    const names = new Set([...workloads(resources).map((resource) => labelsOf(resource)['app.kubernetes.io/name']), ...(name === 'development' ? [] : ['nats', 'redis'])]);
    const meant = resources.filter(({ kind }) => kind === 'NetworkPolicy').flatMap((resource) => [...JSON.stringify(resource).matchAll(/"app\.kubernetes\.io\/name":"([^"]+)"|"values":(\[[^\]]*\])/g)].flatMap(([, one, several]) => (one ? [one] : (JSON.parse(several ?? '[]') as string[]))));
    expect(meant.length).toBeGreaterThan(5);
    expect(meant.filter((one) => !names.has(one))).toEqual([]);
  });

  it('has services and probes on ports that are there', () => {
    for (const service of resources.filter(({ kind }) => kind === 'Service')) {
      const pods = workloads(resources).filter((resource) => matches(specOf(service)['selector'], labelsOf(resource)));
      const open = pods.flatMap(containersOf).flatMap((container) => [...(container['ports'] ?? [])]).map((port) => port['name']);
      for (const port of specOf(service)['ports'] ?? []) expect({ service: service.metadata.name, open }).toMatchObject({ open: expect.arrayContaining([port['targetPort']]) });
    }
    for (const container of workloads(resources).filter(({ kind }) => kind !== 'Job').flatMap(containersOf)) {
      const open = [...(container['ports'] ?? [])].map((port) => port['name']);
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) expect({ container: container['name'], probe, open }).toMatchObject({ open: expect.arrayContaining([(container[probe]?.['httpGet'] ?? container[probe]?.['tcpSocket'])?.['port']]) });
    }
  });

  it('contains every pod', () => {
    for (const resource of workloads(resources)) {
      const pod = podOf(resource)['spec'];
      expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } });
      expect(Number(pod?.['securityContext']?.['runAsUser'])).toBeGreaterThan(0);
      for (const container of containersOf(resource)) {
        expect(container['securityContext']).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
        expect(container['resources']).toMatchObject({ requests: { cpu: expect.anything(), memory: expect.anything() }, limits: { memory: expect.anything() } });
      }
    }
  });

  it('refers to configuration that is there, and to secrets by name and key only', () => {
    const text = workloads(resources).map((resource) => JSON.stringify(resource)).join('\n');
    const maps = [...text.matchAll(/"(?:configMapRef|configMap)":\{"name":"([^"]+)"/g)].map(([, map]) => map);
    expect(maps.filter((map) => !configMaps.includes(map ?? ''))).toEqual([]);
    const wanted = [...text.matchAll(/"secretKeyRef":\{"name":"trivet-connections","key":"([^"]+)"\}/g)].map(([, key]) => key);
    expect(new Set(wanted)).toEqual(new Set(SERVICES.flatMap((service) => [`nats-${service}`, `redis-${service}`])));
    if (name === 'development') expect(new Set(secrets['trivet-connections'])).toEqual(new Set(wanted));
    else expect(secrets).toEqual({});
    expect(resources.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  });

  it.each(SERVICES)('gives the %s variables that it reads, with values it takes', (service) => {
    const own = containersOf(find(resources, 'Deployment', service)).flatMap((container) => [...(container['env'] ?? [])]);
    const given = Object.fromEntries(own.map((each) => [each['name'], each['value'] ?? (String(each['name']).endsWith('_URL') ? (String(each['name']).includes('NATS') ? 'nats://a:4222' : 'redis://a:6379') : String(each['name']) === 'TRIVET_OPERATOR_KEY' ? `trv_${'x'.repeat(43)}` : 'a-key')]));
    const environment = { ...settingsOf(resources), ...given } as Record<string, string>;
    const known = Object.values(VARIABLES_OF[service]).map((one) => one.name);
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
    expect(loadConfig(VARIABLES_OF[service], environment)).toMatchObject({ adminPort: 8081, adminHost: '0.0.0.0' });
  });

  it.each(SERVICES)('lets the %s stop in peace: the pause before, its drain time and ten seconds', (service) => {
    const [container] = containersOf(find(resources, 'Deployment', service));
    const pauseS = Number(container?.['lifecycle']?.['preStop']?.['exec']?.['command']?.[1] ?? 0);
    const graceS = Number(podOf(find(resources, 'Deployment', service))['spec']?.['terminationGracePeriodSeconds']);
    expect(graceS).toBeGreaterThanOrEqual(pauseS + Number(settingsOf(resources)['TRIVET_DRAIN_TIMEOUT_MS']) / 1_000 + 10);
  });

  it('probes paths that a service answers', async () => {
    const routes = createAdminRoutes({ service: 'a', version: '1', workerId: 'w' }, createHealth());
    for (const container of SERVICES.flatMap((service) => containersOf(find(resources, 'Deployment', service)))) {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) expect(await routes.answer('GET', String(container[probe]?.['httpGet']?.['path']))).toBeDefined();
    }
    expect(await routes.answer('GET', '/nothing')).toBeUndefined();
  });

  it('is rendered by kustomize to the same resources, where kubectl is at hand', async () => {
    const rendered = await run('kubectl', ['kustomize', join(FOLDER, 'overlays', name)]).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!rendered) return void console.log('kubectl is not on PATH, so nothing was rendered');
    const documents = parseAllDocuments(rendered.stdout).map((document) => document.toJS() as Resource);
    expect(documents.flatMap(mistakesOf)).toEqual([]);
    const names = (from: readonly Resource[]): string[] => from.filter(({ kind }) => kind !== 'ConfigMap' && kind !== 'Secret').map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
    expect(names(documents)).toEqual(names(resources));
    expect(documents.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'trivet')).toEqual([]);
  });
});

describe('autoscaling', () => {
  const { resources } = assemblies.get('production') ?? assemble('unreachable');
  const TIERS: { service: Service; consumer: (typeof CONSUMERS)['toolCalls' | 'modelCalls']; tier: string }[] = [
    { service: 'executor', consumer: CONSUMERS.toolCalls, tier: 'tool' },
    { service: 'model', consumer: CONSUMERS.modelCalls, tier: 'model' },
  ];

  it.each(TIERS)('of the $service asks for a stream and a consumer that the contracts name, and for a metric there is', async ({ service, consumer, tier }) => {
    const spec = specOf(find(resources, 'ScaledObject', service));
    expect(spec['scaleTargetRef']).toEqual({ name: service });
    const [prometheus, nats] = [...(spec['triggers'] ?? [])];
    expect(nats).toMatchObject({ type: 'nats-jetstream', metadata: { account: 'TRIVET', stream: consumer.stream, consumer: consumer.durable } });
    expect(Object.keys(STREAMS)).toContain(consumer.stream);
    expect(await readFile(join(FOLDER, 'components/nats/nats.conf'), 'utf8')).toMatch(/^ {2}TRIVET \{/m);
    expect(nats?.['metadata']?.['natsServerMonitoringEndpoint']).toBe('nats-headless.trivet.svc.cluster.local:8222');
    expect([...(specOf(find(resources, 'Service', 'nats-headless'))['ports'] ?? [])]).toContainEqual({ name: 'monitor', port: 8222, targetPort: 'monitor' });
    expect(prometheus).toMatchObject({ type: 'prometheus', metadata: { query: `max(trivet_calls_ready{tier="${tier}"})` } });
    const source = await readFile(join(import.meta.dirname, '../apps/orchestrator/src/metrics/gauges.ts'), 'utf8');
    expect(source).toContain("name: 'calls_ready'");
  });

  it('leaves the number of replicas to one autoscaler for each tier', () => {
    const targets = resources.filter(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler').map((resource) => specOf(resource)['scaleTargetRef']?.['name']);
    expect(targets.sort()).toEqual([...SERVICES].sort());
    for (const service of SERVICES) expect(specOf(find(resources, 'Deployment', service))).not.toHaveProperty('replicas');
  });
});

describe('the network', () => {
  const { resources } = assemblies.get('production') ?? assemble('unreachable');
  const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy');

  it('denies all that is not allowed, and gives the executor no way out', () => {
    expect(specOf(find(policies, 'NetworkPolicy', 'deny-all'))).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const toInternet = policies.filter((policy) => JSON.stringify(policy).includes('0.0.0.0/0'));
    expect(toInternet.map((policy) => specOf(policy)['podSelector']?.['matchLabels'])).toEqual([{ 'app.kubernetes.io/name': 'model' }]);
  });

  it('opens it for the executor by a component of its own, to what is not private', () => {
    expect(egress.resources.flatMap(mistakesOf)).toEqual([]);
    expect(JSON.stringify(egress.resources)).toContain('169.254.0.0/16');
    expect(specOf(egress.resources[0])['podSelector']).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'executor' } });
  });
});

describe('the schemas', () => {
  const deployment = (spec: object): Resource => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { selector: {}, template: { spec: { containers: [{ name: 'a', ...spec }] } } } as never });

  it('notice a value that does not fit, a field that does not exist, and a kind that nobody knows', () => {
    expect(mistakesOf(deployment({}))).toEqual([]);
    expect(mistakesOf(deployment({ ports: [{ containerPort: 'http' }] })).join()).toMatch(/containerPort must be (integer|number)/);
    expect(mistakesOf(deployment({ livenesProbe: {} }))).toEqual(['unknown field /spec/template/spec/containers/0/livenesProbe']);
    expect(mistakesOf({ ...deployment({}), apiVersion: 'apps/v1beta1' })).toEqual(['no schema for apps/v1beta1 Deployment']);
  });
});
