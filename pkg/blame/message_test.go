package blame

import (
	"fmt"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "[]",
		"emptyDir.sizeLimit":          "[empty dir size limit]",
		"hostIPC is set, readOnly: 1": "[host ipc is set read only 1]",
		"größe=10Gi":                  "[größe 10 gi]",
		"\xffa":                       "[a]",
	} {
		if got := fmt.Sprint(words(text)); got != want {
			t.Errorf("words(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestMentions(t *testing.T) {
	m := newMessage(`Container "a": no memory limits in resources, run as non-root`)
	for key, want := range map[string]int{"memory": 3, "limits": 4, "resource": 6, "runAsNonRoot": 7, "run": 7, "requests": -1, "": -1, "memoryRequest": -1} {
		if got := m.mentions(key); got != want {
			t.Errorf("mentions(%q) = %d, want %d", key, got, want)
		}
	}
}

func TestQuotes(t *testing.T) {
	m := newMessage(`container web-1 and <web> of image web:2, in "a/b". On b: 81.`)
	for text, want := range map[string]int{"web-1": 10, "web": 21, "web:2": 35, "a/b": 46, "b": 55, "81": 58, "a": -1, "8": -1, "": -1, "none": -1} {
		if got := m.quotes(text); got != want {
			t.Errorf("quotes(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestPrecedes(t *testing.T) {
	m := newMessage(`init container "a", containers "b", volume <c>`)
	for _, tc := range []struct {
		key, text string
		want      bool
	}{
		{"initContainers", "a", true},
		{"containers", "a", true},
		{"containers", "b", true},
		{"initContainers", "b", false},
		{"volumes", "c", true},
		{"", "c", false},
	} {
		if got := m.precedes(tc.key, m.quotes(tc.text)); got != tc.want {
			t.Errorf("precedes(%q, before %q) = %t, want %t", tc.key, tc.text, got, tc.want)
		}
	}
}
