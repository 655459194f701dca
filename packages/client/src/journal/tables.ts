/** What a journal's file holds. One table of envelopes, one cursor a sink; nothing in it is ever moved. HOUSE decision 14. */
import type { DatabaseSync } from 'node:sqlite';

/** In the file's header: tells a journal from any other SQLite file. */
export const APPLICATION_ID = 0x52_6e_6c_4a;
/** Of the tables below. A journal of a higher one is not touched. */
export const VERSION = 1;

/**
 * `arrived = delivered + pending + sum(dropped)` for each sink, where `pending` is counted: the envelopes behind `settled`, and those parked.
 * Envelopes have no index beside their number: one on a random id costs nine tenths of the rate.
 */
const TABLES = `
CREATE TABLE envelopes (n INTEGER PRIMARY KEY, session TEXT NOT NULL, id TEXT, via TEXT NOT NULL, received_at INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sinks (sink TEXT PRIMARY KEY, settled INTEGER NOT NULL, arrived INTEGER NOT NULL, delivered INTEGER NOT NULL, moved_at INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE dropped (sink TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (sink, reason)) STRICT, WITHOUT ROWID;
CREATE TABLE parked (n INTEGER NOT NULL, sink TEXT NOT NULL, key TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (n, sink)) STRICT, WITHOUT ROWID;
CREATE TABLE dead (entry INTEGER PRIMARY KEY, sink TEXT NOT NULL, n INTEGER NOT NULL, session TEXT NOT NULL, id TEXT, via TEXT NOT NULL, received_at INTEGER NOT NULL, bytes BLOB NOT NULL, reason TEXT NOT NULL, status INTEGER, response TEXT, at INTEGER NOT NULL) STRICT;
CREATE TABLE sessions (session TEXT PRIMARY KEY, position TEXT NOT NULL, books TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE requests (request INTEGER PRIMARY KEY AUTOINCREMENT, asked TEXT NOT NULL, asked_at INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0, total INTEGER, answer TEXT) STRICT;
CREATE TABLE consent (entry INTEGER PRIMARY KEY, user_id TEXT NOT NULL, taken_back_at INTEGER NOT NULL, envelopes INTEGER NOT NULL) STRICT;
`;

/** The dead are looked at a page at a time, and counted every second. */
const INDEX = 'CREATE INDEX dead_of ON dead (sink);';

export function createTables(db: DatabaseSync): void {
  db.exec(
    `BEGIN IMMEDIATE; ${TABLES} ${INDEX} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}; COMMIT`,
  );
}

/** The names of the tables, as SQLite would list them. */
export const TABLE_NAMES = [...TABLES.matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name as string).sort();
