//go:build race

package main

// stride is from one kill to the next where everything takes ten times as long: what is looked for there are races.
const stride = 4
