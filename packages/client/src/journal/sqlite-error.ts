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

/** Extended: there was no room for the index of the log, which is a file of its own. */
const IOERR_SHMSIZE = IOERR | (19 << 8);

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

/** The disk has no room. */
export const isFull = (error: unknown): boolean => primary(error) === FULL || codeOf(error) === IOERR_SHMSIZE;
