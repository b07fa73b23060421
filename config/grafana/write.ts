/** Writes the dashboards as Grafana reads them: `npm run dashboards`. */
import { writeFileSync } from 'node:fs';
import { DASHBOARDS } from './dashboards.ts';
import { grafanaJson } from './grafana.ts';

for (const dashboard of DASHBOARDS) {
  writeFileSync(new URL(`./dashboards/${dashboard.uid}.json`, import.meta.url), grafanaJson(dashboard));
}
