/** What the page shows, as the part of its address behind the #. */

export type Route =
  | { view: 'overview' | 'queue' | 'plans'; run: number }
  | { view: 'experiment'; run: number; nodeId: string }
  | { view: 'compare'; run: number; one: string; other: string };

export function routeOf(hash: string): Route {
  const [first = '', view = '', one = '', other = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  const run = /^\d+$/.test(first) ? Number(first) : 0;
  if (view === 'experiment' && one !== '') return { view, run, nodeId: one };
  if (view === 'compare' && one !== '' && other !== '') return { view, run, one, other };
  if (view === 'queue' || view === 'plans') return { view, run };
  return { view: 'overview', run };
}

export function addressOf(route: Route): string {
  const parts: (string | number)[] = [route.run];
  if (route.view === 'experiment') parts.push('experiment', encodeURIComponent(route.nodeId));
  else if (route.view === 'compare') {
    parts.push('compare', encodeURIComponent(route.one), encodeURIComponent(route.other));
  } else if (route.view !== 'overview') parts.push(route.view);
  return `#/${parts.join('/')}`;
}

export const toExperiment = (run: number, nodeId: string) => addressOf({ view: 'experiment', run, nodeId });

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
