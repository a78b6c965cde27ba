package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A meter starts commands and says what they took.
type meter struct {
	program string
	env     []string
}

// newMeter builds ./meter in a folder, where commands also find a cache of their own.
func newMeter(dir string) (meter, error) {
	m := meter{filepath.Join(dir, "meter"), append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))}
	return m, build(m.program, "./meter")
}

// build builds a program of this module.
func build(to, of string) error {
	if out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", to, of).CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", of, err, out)
	}
	return nil
}

// A cost is what one run of a command takes.
type cost struct {
	cpu, wall time.Duration
	rss       int64 // bytes, at most
	status    int
}

// byTurns runs commands by turns and returns the median cost of each. The status is that
// of all runs.
func (m meter) byTurns(rounds int, commands ...[]string) ([]cost, error) {
	all := make([][]cost, len(commands))
	for range rounds {
		for i, command := range commands {
			one, err := m.run(command)
			if err != nil {
				return nil, err
			}
			if len(all[i]) > 0 && all[i][0].status != one.status {
				return nil, fmt.Errorf("%s: exit status %d, before it was %d", strings.Join(command, " "), one.status, all[i][0].status)
			}
			all[i] = append(all[i], one)
		}
	}
	medians := make([]cost, len(commands))
	for i, costs := range all {
		medians[i] = cost{
			cpu:    time.Duration(quantileOf(costs, 0.5, func(c cost) float64 { return float64(c.cpu) })),
			wall:   time.Duration(quantileOf(costs, 0.5, func(c cost) float64 { return float64(c.wall) })),
			rss:    int64(quantileOf(costs, 0.5, func(c cost) float64 { return float64(c.rss) })),
			status: costs[0].status,
		}
	}
	return medians, nil
}

// run runs a command once, without input.
func (m meter) run(command []string) (cost, error) { return m.fed(nil, command) }

// fed runs a command once with something to read.
func (m meter) fed(input io.Reader, command []string) (cost, error) {
	cmd := exec.Command(m.program, command...)
	cmd.Env, cmd.Stdin = m.env, input
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, exit.Stderr)
	}
	if err != nil {
		return cost{}, err
	}
	var took struct {
		Status         int
		Wall, CPU, RSS int64
	}
	if err := json.Unmarshal(out, &took); err != nil {
		return cost{}, fmt.Errorf("%s: %w", m.program, err)
	}
	return cost{time.Duration(took.CPU), time.Duration(took.Wall), took.RSS, took.Status}, nil
}
