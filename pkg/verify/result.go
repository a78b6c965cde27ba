package verify

// A Status is what became of a suite, a test or a case.
type Status string

// The statuses. What held nothing that was judged is skipped, not passed.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped" // it says so, the filter leaves it out, or all in it is skipped
)

// with is the status of what has parts of both statuses.
func (s Status) with(part Status) Status {
	if s == Failed || part == Skipped {
		return s
	}
	return part
}

// A Result is what became of suites, in their order. Its JSON is the format json of
// WriteJSON; the names of its fields stay.
type Result struct {
	Suites   []SuiteResult `json:"suites"`
	Notes    []Fault       `json:"notes"`              // what the suites hold to no effect
	Coverage []Coverage    `json:"coverage,omitempty"` // by file; there if lines were counted
	Summary  Summary       `json:"summary"`
}

// A SuiteResult is what became of a suite.
type SuiteResult struct {
	File    string       `json:"file"`
	Line    int          `json:"line"`
	Status  Status       `json:"status"`
	Seconds float64      `json:"seconds"`
	Tests   []TestResult `json:"tests"`

	skipped bool // as a whole
}

// A TestResult is what became of a test. It has faults if it failed by itself: its
// template or constraint does not load, or loads and should not.
type TestResult struct {
	Name    string       `json:"name"`
	Line    int          `json:"line"` // in the file of the suite
	Status  Status       `json:"status"`
	Seconds float64      `json:"seconds"`
	Faults  []Fault      `json:"faults,omitempty"`
	Cases   []CaseResult `json:"cases"`

	skipped bool // as a whole
}

// A CaseResult is what became of a case. It has faults if it failed: assertions that do
// not hold, or why nothing could be judged.
type CaseResult struct {
	Name    string  `json:"name"`
	Line    int     `json:"line"` // in the file of the suite
	Status  Status  `json:"status"`
	Seconds float64 `json:"seconds"`
	Faults  []Fault `json:"faults,omitempty"`
	Print   string  `json:"print,omitempty"` // what the template printed, in lines
}

// A Summary counts a result. Judged are the cases that passed or failed, and the tests
// that want a constraint to be refused: without any, there is no verdict.
type Summary struct {
	Suites int    `json:"suites"`
	Tests  Counts `json:"tests"`
	Cases  Counts `json:"cases"`
	Judged int    `json:"judged"`
	// CoverageShort are the templates whose coverage is below the threshold.
	CoverageShort int `json:"coverageShort"`
}

// Counts are numbers by Status.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

func (c *Counts) add(s Status) {
	switch s {
	case Passed:
		c.Passed++
	case Failed:
		c.Failed++
	case Skipped:
		c.Skipped++
	}
}

// Total is their sum.
func (c Counts) Total() int { return c.Passed + c.Failed + c.Skipped }

// Failed reports whether a test or a case failed, or the coverage of a template is below
// the threshold.
func (r Result) Failed() bool {
	return r.Summary.Tests.Failed > 0 || r.Summary.CoverageShort > 0
}
