// Holds a trickle server against sections 3.1 and 4.3 of PROTOCOL.md: node examples/hold.ts http://127.0.0.1:7800/
import { probeFeatures, runConformance, summaryOf } from '@runnel/conformance';

const url = process.argv[2] ?? 'http://127.0.0.1:7800/';
const report = await runConformance({
  url,
  features: await probeFeatures(url),
  only: ['3.1', '4.3'],
  onCase: ({ id, verdict, expected, came }) => {
    if (verdict === 'fail') console.log(`${id}: expected ${expected}; came ${came}`);
  },
});
console.log(summaryOf(report));
