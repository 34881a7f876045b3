import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import type { Resource } from './kustomization-files.js';

type Model = new (data: never) => { validate: () => void };

const MODELS: Record<string, Model> = { Deployment, StatefulSet, HorizontalPodAutoscaler, Job, NetworkPolicy, PodDisruptionBudget, ConfigMap, Namespace, Secret, Service, ServiceAccount, ScaledObject };
const API_VERSIONS: Record<string, string> = {
  Deployment: 'apps/v1', StatefulSet: 'apps/v1', HorizontalPodAutoscaler: 'autoscaling/v2', Job: 'batch/v1', NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1', ConfigMap: 'v1', Namespace: 'v1', Secret: 'v1', Service: 'v1', ServiceAccount: 'v1', ScaledObject: 'keda.sh/v1alpha1',
};

/**
 * What the published schema says against a resource: values that do not fit, and fields it does not know. The schemas let
 * unknown fields pass, as the API did for long, so what their checks never look at is counted as unknown.
 */
export function mistakesOf(resource: Resource): string[] {
  const Schema = MODELS[resource.kind];
  if (!Schema || API_VERSIONS[resource.kind] !== resource.apiVersion) return [`no schema for ${resource.apiVersion} ${resource.kind}`];
  const lookedAt = new Set<string>();
  const watched = Object.fromEntries(Object.entries(resource).map(([field, value]) => [field, watch(value, `/${field}`, lookedAt)]));
  try {
    // Assigned and not given to the constructor, which would copy what it is given.
    Object.assign(new Schema({} as never), watched).validate();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return Object.entries(resource).flatMap(([field, value]) => pathsIn(value, `/${field}`)).filter((path) => !lookedAt.has(path)).map((path) => `unknown field ${path}`);
}

function watch(value: unknown, path: string, lookedAt: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, field) => {
      const found: unknown = Reflect.get(target, field);
      if (typeof field === 'symbol') return found;
      lookedAt.add(`${path}/${field}`);
      return typeof found === 'function' ? found.bind(target) : watch(found, `${path}/${field}`, lookedAt);
    },
  });
}

const pathsIn = (value: unknown, path: string): string[] =>
  typeof value !== 'object' || value === null ? [] : Object.entries(value).flatMap(([field, inner]) => [`${path}/${field}`, ...pathsIn(inner, `${path}/${field}`)]);
