// Package faultkit makes things go wrong on purpose, in tests: it stands between real processes and cuts, stalls, kills
// and fills at points that a test can name, so that what happens after them is no accident.
//
//   - A [Gate] is an HTTP server between a client and its upstream. A [Trap] springs at one of four points of one call:
//     before it had its effect, after it, half way through the answer, behind the answer.
//   - A [Proxy] is the same for bytes: it stalls, slices, cuts and refuses, and changes its weather while it runs.
//   - A [Disk] is a small file system that can be full.
//   - [LockSQLite], [LockTables] and [LockAdvisory] hold a database as a foreign program would.
//   - [Seed] and [RapidSeed] give random tests a seed that a failure prints and WEFEED_SEED replays.
//
// docs/faults.md shows how a test is made of these. Nothing but tests may import this package.
package faultkit
