export { type FileSinkOptions, fileSink } from './file.ts';
export { type LogSinkOptions, logSink, standardOutput } from './log.ts';
export { type MemorySink, memorySink } from './memory.ts';
