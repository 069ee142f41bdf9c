//go:build !linux

package ramdir

func roomy(string) bool { return false }
