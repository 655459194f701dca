import { sinkConformance } from './conformance.ts';
import { subjects } from './subjects.ts';

for (const [name, subject] of Object.entries(subjects)) sinkConformance(name, subject);
