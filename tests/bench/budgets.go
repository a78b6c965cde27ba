package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A row is one budget: what was measured, and the most that is allowed.
type row struct {
	name, value, budget string
	ok                  bool
}

// budgets measures memgate's binaries.
func budgets(root string, rounds int) (string, error) {
	dir, err := os.MkdirTemp("", "memgate-bench-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	hello := filepath.Join(dir, "hello")
	if err := build(hello, "./hello"); err != nil {
		return "", err
	}
	m, err := newMeter(dir)
	if err != nil {
		return "", err
	}
	memgate, webhook := filepath.Join(root, "bin/memgate"), filepath.Join(root, "bin/memgate-webhook")

	var rows []row
	for _, binary := range []string{memgate, webhook} {
		info, err := os.Stat(binary)
		if err != nil {
			return "", err
		}
		mb := float64(info.Size()) / 1e6
		rows = append(rows, row{filepath.Base(binary) + ", stripped", fmt.Sprintf("%.1f MB", mb), "30 MB", mb <= 30})
	}
	costs, err := m.byTurns(rounds, []string{hello}, []string{memgate, "version"},
		[]string{memgate, "check", filepath.Join(root, "examples")}, []string{memgate, "-h"})
	if err != nil {
		return "", err
	}
	ratio := costs[1].cpu.Seconds() / costs[0].cpu.Seconds()
	rows = append(
		rows,
		row{"CPU of `memgate version` / hello world", fmt.Sprintf("%.1f (%s / %s)", ratio, ms(costs[1].cpu), ms(costs[0].cpu)), "3", ratio <= 3},
		row{"CPU of `memgate -h`, which unlike version starts the evaluator's packages", ms(costs[3].cpu), "", true},
		row{"CPU, wall and memory of `memgate check examples`", fmt.Sprintf("%s, %s, %d MiB", ms(costs[2].cpu), ms(costs[2].wall), costs[2].rss>>20), "", true},
	)
	rss, err := idle(webhook, dir)
	if err != nil {
		return "", err
	}
	rows = append(rows, row{"resident memory of an idle memgate-webhook, bundle baseline", fmt.Sprintf("%d MiB", rss>>20), "40 MiB", rss <= 40<<20})
	return "\n## Budgets\n" + table(rows), nil
}

func table(rows []row) string {
	var b strings.Builder
	b.WriteString("\n| what | measured | at most | |\n|---|---|---|---|\n")
	for _, r := range rows {
		verdict := ""
		if r.budget != "" {
			verdict = map[bool]string{true: "met", false: "**missed**"}[r.ok]
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.name, r.value, r.budget, verdict)
	}
	return b.String()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// idle starts a webhook, waits until it is ready, and returns its resident memory.
func idle(webhook, dir string) (int64, error) {
	cert, key, err := certificate(dir)
	if err != nil {
		return 0, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return 0, err
	}
	cmd := exec.Command(webhook, "--address", address, "--tls-cert-file", cert, "--tls-private-key-file", key, "--shutdown-delay", "0s")
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer cmd.Process.Kill()                                                                                                        //nolint:errcheck // the measurement is over
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: time.Second} //nolint:gosec // a certificate of our own
	for deadline := time.Now().Add(20 * time.Second); ; {
		response, err := client.Get("https://" + address + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%s: not ready after 20 s: %w", webhook, err)
		}
		runtime.Gosched()
	}
	return residentSize(cmd.Process.Pid)
}

// residentSize reads VmRSS of a process.
func residentSize(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/status: no VmRSS", pid)
}
