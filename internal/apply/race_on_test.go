//go:build race

package apply_test

// raced is where everything takes ten times as long.
const raced = true
