//go:build race

package vm

func init() { part = 8 } // the race detector slows all down
