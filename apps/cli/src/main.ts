/** The process around the command. bin/runnel.js begins here. */
import { interruption } from './interrupt.ts';
import { runnel } from './runnel.ts';

const signal = interruption(process);
// A closed pipe (`| head`) is noticed where it is written to; nobody is left to tell about a closed standard error.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

// The packages' timers keep no process alive, so that an embedder's may end; this one goes on until the command is done.
const alive = setInterval(() => {}, 2 ** 30);

const { stdin, stdout, stderr } = process;
process.exitCode = await runnel(process.argv.slice(2), { stdin, stdout, stderr, signal });
clearInterval(alive);
