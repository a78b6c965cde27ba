package main

import (
	"strings"
	"testing"
)

// TestMeter measures small commands from a process that is not small: its memory must
// not be taken for theirs.
func TestMeter(t *testing.T) {
	m, err := newMeter(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ballast := make([]byte, 200<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	costs, err := m.byTurns(3, []string{"sh", "-c", "exit 3"}, []string{"sh", "-c", `[ -z "$XDG_CACHE_HOME" ]`}, []string{"sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{3, 1, 0} {
		if costs[i].status != want {
			t.Errorf("command %d: got status %d, want %d", i, costs[i].status, want)
		}
		if costs[i].rss <= 0 || costs[i].rss > 50<<20 {
			t.Errorf("command %d: got %d MiB resident, want less than 50", i, costs[i].rss>>20)
		}
	}
	if quick, busy := costs[0].cpu, costs[2].cpu; busy < 2*quick {
		t.Errorf("got %v for a loop and %v for none, want far more for the loop", busy, quick)
	}
	if ballast[len(ballast)-1] != 1 {
		t.Error("the ballast is gone")
	}
	if _, err := m.byTurns(1, []string{"./there-is-no-such-command"}); err == nil || !strings.Contains(err.Error(), "there-is-no-such-command") {
		t.Errorf("a command that is missing: got error %v, want one that names it", err)
	}
	changing := []string{"sh", "-c", `f="$XDG_CACHE_HOME.seen"; if [ -e "$f" ]; then exit 2; fi; : > "$f"`}
	if _, err := m.byTurns(2, changing); err == nil || !strings.Contains(err.Error(), "exit status 2, before it was 0") {
		t.Errorf("a command that ends otherwise the second time: got error %v, want one that says so", err)
	}
}
