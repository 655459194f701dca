#!/usr/bin/env node
// Only old syntax here, so that a Node that cannot run the command can still say so. The command itself begins in start.js.
if (parseInt(process.versions.node, 10) >= 24) {
  import('./start.js');
} else {
  process.stderr.write(`runnel needs Node 24 or newer, and this is Node ${process.versions.node}.\n`);
  process.exitCode = 1;
}
