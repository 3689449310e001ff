// Package jobs makes things happen in time: the bell rings due rows, and River's workers do what they ask for.
//
// A due row (store.Due) is a wait: "collect this source at 10:20". The bell sleeps until the earliest row, at most
// [MaxSleep], and enqueues the jobs of those whose time has come, in the transaction that sets their next times. A job
// is only a hint that there is something to do; its [Handler] looks at the store for what that is. So a job may come once
// too often, and a lost one costs time, not work: the sweep rings open work again.
//
// At most one job of a kind, id and argument is waiting or running. A ring that comes while its job runs is kept: that
// job may have looked before whatever rang. It becomes a one-time due row that stays until the job has ended, be it
// rung by the bell (ClaimDue in store) or by a transaction (tx.start). A ring that comes while its job waits adds
// nothing, since that job has its look before it.
//
// Times of due rows come from the injected clock; River's own waits (retries, timeouts) from the machine's.
package jobs
