package cli

import (
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
)

// size is a flag of a number of bytes, written as a Kubernetes quantity.
type size int64

func (s *size) String() string { return resource.NewQuantity(int64(*s), resource.BinarySI).String() }
func (s *size) Type() string   { return "size" }

func (s *size) Set(text string) error {
	quantity, err := resource.ParseQuantity(text)
	if err != nil || quantity.Sign() < 0 {
		return fmt.Errorf("got %q, want a size such as 32Mi", text)
	}
	*s = size(quantity.Value())
	return nil
}

// colored reports whether a report to out is coloured. By itself that is so on a
// terminal, unless NO_COLOR is set (https://no-color.org).
func colored(mode string, out io.Writer) (bool, error) {
	switch mode {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	}
	return false, fmt.Errorf("--color: got %q, want auto, always or never", mode)
}
