import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Frame } from './frame/frame.js';
import { NotFound } from './frame/not-found.js';
import { PageError } from './frame/page-error.js';
import { filtersOf, parseSearch, stringifySearch } from './search.js';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: PageError });

/** Every page's search parameters are its filters, as plain text; each page reads those it knows. */
const route = <Path extends string>(path: Path, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load, name), validateSearch: filtersOf });

const routes = [
  route('/', () => import('./pages/overview/overview-page.js'), 'OverviewPage'),
  route('/workflows', () => import('./pages/workflows/workflows-page.js'), 'WorkflowsPage'),
  route('/workflows/$workflowId', () => import('./pages/workflow/workflow-page.js'), 'WorkflowPage'),
  route('/workers', () => import('./pages/workers/workers-page.js'), 'WorkersPage'),
  route('/budgets', () => import('./pages/budgets/budgets-page.js'), 'BudgetsPage'),
  route('/tools', () => import('./pages/tools/tools-page.js'), 'ToolsPage'),
  route('/prompts', () => import('./pages/prompts/prompts-page.js'), 'PromptsPage'),
  route('/approvals', () => import('./pages/approvals/approvals-page.js'), 'ApprovalsPage'),
  route('/schedules', () => import('./pages/schedules/schedules-page.js'), 'SchedulesPage'),
  route('/audit', () => import('./pages/audit/audit-page.js'), 'AuditPage'),
  route('/connect', () => import('./pages/connect/connect-page.js'), 'ConnectPage'),
];

export const router = createRouter({ routeTree: root.addChildren(routes), parseSearch, stringifySearch, defaultPreload: 'intent', scrollRestoration: true });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
