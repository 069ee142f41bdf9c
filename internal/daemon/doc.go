// Package daemon keeps an account equal to its files for months without anybody looking. It watches
// the files, keeps schedules, runs one pass at a time, and tells how it is: to systemd, over HTTP,
// and in its log.
//
// Whatever happens (an event of the file system, a schedule, a signal, a retry) is only a kick: a
// pass re-reads everything. Kicks coalesce.
//
// It does not know how a difference is found or removed, nor the kinds of resources; what a job does
// stands in package apply.
package daemon
