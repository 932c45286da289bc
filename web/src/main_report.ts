/** A static report: the app's own pages over the answers that the file carries, see `docs/report.md`. */
import { mount } from 'svelte';

import './theme/tokens.css';
import './theme/base.css';
import './theme/charts.css';
import { reportOfPage } from './api/record_book';
import { RecordedClient } from './api/recorded_client';
import Shell from './shell/Shell.svelte';
import { REPORT_VIEWERS } from './viewers/report_registry';

const target = document.getElementById('app');
if (!target) throw new Error('report.html lacks its #app');
try {
  const { index, book } = reportOfPage(document);
  const client = new RecordedClient(index.head, book);
  mount(Shell, { target, props: { viewers: REPORT_VIEWERS, recorded: { client, head: index.head } } });
} catch (error) {
  target.textContent = error instanceof Error ? error.message : String(error);
}
