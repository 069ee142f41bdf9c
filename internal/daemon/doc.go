// Package daemon keeps an account equal to its files for months.
package daemon
