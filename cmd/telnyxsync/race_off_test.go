//go:build !race

package main

// stride is from one kill to the next: each step is one.
const stride = 1
