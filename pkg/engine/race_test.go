//go:build race

package engine

func init() { usual = 10 } // the race detector slows all down
