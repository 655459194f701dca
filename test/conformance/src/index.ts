/** A conformance suite for trickle servers, as a function of a URL. */
export type { Case, Section } from './case.ts';
export { type CommandOptions, runCommand, USAGE } from './command.ts';
export { FEATURES, type Feature, type Features, type Need, parseFeatures, unmet } from './features.ts';
export { POLICY_HEADER, policy, type Verdict as PolicyVerdict } from './policy.ts';
export { probeFeatures } from './probe.ts';
export { countsOf, formatReport, type Report, type Result, summaryOf, type Verdict } from './report.ts';
export { type ConformanceOptions, runConformance } from './run.ts';
export { sections } from './sections/index.ts';
export type { FetchHandler } from './wire/fetch-exchange.ts';
