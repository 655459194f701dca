/** A runner in a process of its own, to be killed. Usage: runner-child.ts URL SESSION */
import { startStudio } from './studio.ts';

const [url = '', session = ''] = process.argv.slice(2);
startStudio({ url, session, eventsPerSecond: 20 });
