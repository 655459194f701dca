/** What SQLite's errors mean for a journal. */

/** Primary result codes, as sqlite3.h names them. */
const BUSY = 5;
const LOCKED = 6;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const FORMAT = 24;
const NOTADB = 26;

/** Extended codes of IOERR: what went wrong was writing, the index of the log, a file of its own, among it. */
const WRITING = [3, 4, 6, 19].map((what) => IOERR | (what << 8));

/** The code of an error that SQLite raised, with its extension. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode;
}

function primary(error: unknown): number | undefined {
  const code = codeOf(error);
  return code === undefined ? undefined : code & 0xff;
}

/** Another connection has it. */
export const isBusy = (error: unknown): boolean => [BUSY, LOCKED].includes(primary(error) ?? -1);

/** The file is no database, or a broken one, or the disk is. */
export const isDamaged = (error: unknown): boolean => [IOERR, CORRUPT, FORMAT, NOTADB].includes(primary(error) ?? -1);

/** No such folder, or no right to it. */
export const isUnopenable = (error: unknown): boolean => primary(error) === CANTOPEN;

/** The disk has no room, or does not take what is written; that says nothing of what is on it. */
export const isUnwritable = (error: unknown): boolean =>
  primary(error) === FULL || WRITING.includes(codeOf(error) ?? -1);
