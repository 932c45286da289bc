import { mount } from 'svelte';

import './theme/tokens.css';
import './theme/base.css';
import './theme/charts.css';
import Shell from './shell/Shell.svelte';
import { VIEWERS } from './viewers/registry';

const target = document.getElementById('app');
if (!target) throw new Error('index.html lacks its #app');
mount(Shell, { target, props: { viewers: VIEWERS } });
