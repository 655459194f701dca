export { type FileSinkOptions, fileSink } from './file.ts';
export { type LogSinkOptions, logSink } from './log.ts';
export { type MemorySink, memorySink } from './memory.ts';
