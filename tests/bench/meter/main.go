// Meter runs a command, to which it leaves its input, throws the output away, and prints
// as JSON what it took. It is a program of its own because it is small: Linux counts the
// memory of whoever starts a process as the first of that process's own (exec keeps the
// high-water mark of the address space that it replaces).
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin = os.Stdin
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, "meter:", err)
		os.Exit(1)
	}
	state := cmd.ProcessState
	usage := state.SysUsage().(*syscall.Rusage)
	if err := json.NewEncoder(os.Stdout).Encode(map[string]int64{
		"Status": int64(state.ExitCode()),
		"Wall":   int64(wall),
		"CPU":    int64(state.UserTime() + state.SystemTime()),
		"RSS":    usage.Maxrss << 10, // counted in KiB
	}); err != nil {
		fmt.Fprintln(os.Stderr, "meter:", err)
		os.Exit(1)
	}
}
