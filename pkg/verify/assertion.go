package verify

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// An assertion says how many violations there are, of all or of those whose message
// matches.
type assertion struct {
	at          manifest.Position
	least, most int
	message     *regexp.Regexp // nil for all
}

// newAssertion reads an assertion. violations is a number, "yes" (one or more, which is
// the default) or "no". The error is a Fault, and one of the case alone.
func newAssertion(f fields) (assertion, error) {
	f.only("violations", "message")
	a := assertion{at: f.place(), least: 1, most: math.MaxInt}
	switch want := f.value["violations"].(type) {
	case nil:
	case bool: // yes and no, as YAML 1.1 has them
		if !want {
			a.least, a.most = 0, 0
		}
	case string:
		switch want {
		case "yes":
		case "no":
			a.least, a.most = 0, 0
		default:
			return a, faultAt(f.place("violations"), "violations: got %q, want a number, yes or no", want)
		}
	case int64:
		if want < 0 || want > math.MaxInt32 {
			return a, faultAt(f.place("violations"), "violations: got %d, want a number from 0, yes or no", want)
		}
		a.least, a.most = int(want), int(want)
	default:
		f.wrong(want, "a number, yes or no", "violations")
	}
	if pattern := f.text("message"); pattern != "" {
		var err error
		if a.message, err = regexp.Compile(pattern); err != nil {
			return a, faultAt(f.place("message"), "message: %v", err)
		}
	}
	return a, nil
}

// check is why the assertion does not hold for the messages of all violations; "" if it
// does.
func (a assertion) check(messages []string) string {
	count := 0
	for _, message := range messages {
		if a.message == nil || a.message.MatchString(message) {
			count++
		}
	}
	if a.least <= count && count <= a.most {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "got %s", number(count, "violation"))
	if a.message != nil {
		fmt.Fprintf(&b, " that match %q", a.message)
	}
	switch a.most {
	case 0:
		b.WriteString(", want none")
	case math.MaxInt:
		b.WriteString(", want one at least")
	default:
		fmt.Fprintf(&b, ", want %d", a.most)
	}
	separator := "; messages: "
	for _, message := range messages {
		fmt.Fprintf(&b, "%s%q", separator, message)
		separator = ", "
	}
	return b.String()
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
