/** The page's start: what follows the address, the theme and the feed, and the root element. */
import 'uplot/dist/uPlot.min.css';
import './style/page.css';
import { options, render } from 'preact';
import { openPage } from './model/page.ts';
import { followRoute } from './model/route.ts';
import { followTheme } from './model/theme.ts';
import { App } from './view/app.tsx';
import { followKeys } from './view/keys.ts';

// However much changes, it is rendered once a frame; and not at all while nobody looks.
options.debounceRendering = requestAnimationFrame;

followTheme();
followRoute();
followKeys();
render(<App page={openPage()} />, document.getElementById('page') as HTMLElement);
