/** A runner that emits 1,000 events a second, in a process of its own. Usage: load-child.ts URL SESSION */
import { startStudio } from './studio.ts';

const [url = '', session = ''] = process.argv.slice(2);
startStudio({ url, session, eventsPerSecond: 1_000, buffer: 8_192 });
