// Package store keeps all that wefeed knows in one SQL database: articles, the ledger of editions, the due table, the
// audit trail and River's jobs. It implements feeds.Store and push.Store and offers each caller the few reads it needs.
//
// Every query is written once, in SQL that SQLite and PostgreSQL both read, against the three methods of [dbtx];
// placeholders are question marks. What differs between databases (opening, beginning a transaction, placeholders,
// errors, River's driver) stands behind [dialect], and in the numbered files of migrations/, one folder a database.
//
// A write is one transaction: see [Store.tx]. Its jobs and due rows are written in it (tx.enqueue, tx.ring), so that work
// exists exactly when what caused it does. No network call may happen inside one: SQLite has a single writer, which
// River shares.
//
// Times are microseconds since 1970 in UTC, the zero time is 0; the values bound to a query may be time.Time, and text
// is cleaned of U+0000 and broken UTF-8 on its way in, since PostgreSQL refuses both.
//
// Start reading at [Store.SaveCollected]; the schema is migrations/sqlite/00001_ledger.sql.
package store
