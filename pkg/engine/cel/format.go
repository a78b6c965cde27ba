package cel

import (
	"encoding/base64"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"k8s.io/apimachinery/pkg/util/validation"
)

// A format is a named syntax.
type format struct {
	name   string
	faults func(string) []string // none if a text has the format
	size   int                   // of its regular expression, as Kubernetes puts it; the cost depends on it
}

// formats are those of k8s.io/apiserver/pkg/cel/library, by the name of their function.
func formats() map[string]*format {
	found := map[string]*format{}
	for _, f := range []*format{
		{"dns1123Label", validation.IsDNS1123Label, 30},
		{"dns1123Subdomain", validation.IsDNS1123Subdomain, 60},
		{"dns1035Label", validation.IsDNS1035Label, 30},
		{"qualifiedName", validation.IsQualifiedName, 60},
		{"dns1123LabelPrefix", prefix(validation.IsDNS1123Label), 30},
		{"dns1123SubdomainPrefix", prefix(validation.IsDNS1123Subdomain), 60},
		{"dns1035LabelPrefix", prefix(validation.IsDNS1035Label), 30},
		{"labelValue", validation.IsValidLabelValue, 40},
		{"uri", uriFaults, 1103},
		{"uuid", unless(isUUID, "does not match the UUID format"), 70},
		{"byte", unless(isBase64, "invalid base64"), 84},
		{"date", unless(isDate, "invalid date"), 71},
		{"datetime", unless(isDateTime, "invalid datetime"), 71},
	} {
		found[f.name] = f
	}
	return found
}

// formatFunctions are format.named, a function for each format, and validate.
func formatFunctions() []celgo.EnvOption {
	kind := newKind(celgo.ObjectType("kubernetes.NamedFormat"), func(a, b *format) bool { return a == b })
	known := formats()
	options := []celgo.EnvOption{
		function("format.named", "format-named", types.StringType, celgo.OptionalType(kind.Type), func(name string) ref.Val {
			if f, found := known[name]; found {
				return types.OptionalOf(kind.of(f))
			}
			return types.OptionalNone
		}),
		method2("validate", "format-validate", kind.Type, types.StringType, celgo.OptionalType(celgo.ListType(types.StringType)), func(f *format, text string) ref.Val {
			if faults := f.faults(text); len(faults) > 0 {
				return types.OptionalOf(texts(faults))
			}
			return types.OptionalNone
		}),
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		value := kind.of(known[name])
		options = append(options, celgo.Function("format."+name,
			celgo.Overload("format."+name, nil, kind.Type, celgo.FunctionBinding(func(...ref.Val) ref.Val { return value }))))
	}
	return options
}

// prefix lets a text end in a dash, as what is put before a generated name may.
func prefix(faults func(string) []string) func(string) []string {
	return func(text string) []string {
		if len(text) > 1 && strings.HasSuffix(text, "-") {
			text = text[:len(text)-2] + "a" // the character before the dash is not looked at, as in apimachinery
		}
		return faults(text)
	}
}

func unless(valid func(string) bool, fault string) func(string) []string {
	return func(text string) []string {
		if valid(text) {
			return nil
		}
		return []string{fault}
	}
}

func uriFaults(text string) []string {
	if _, err := url.ParseRequestURI(text); err != nil {
		return []string{err.Error()}
	}
	return nil
}

var uuidSyntax = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[[:xdigit:]]{8}(-?[[:xdigit:]]{4}){3}-?[[:xdigit:]]{12}$`)
})

func isUUID(text string) bool { return uuidSyntax().MatchString(text) }

func isBase64(text string) bool {
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil && text != "" && !strings.ContainsAny(text, "\r\n")
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// clockSyntax takes any character before a fraction, as kube-openapi's strfmt.
var clockSyntax = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$`)
})

// isDateTime looks at what stands up to a second T only, as strfmt.
func isDateTime(text string) bool {
	parts := strings.Split(strings.ToLower(text), "t")
	return len(parts) > 1 && isDate(parts[0]) && clockSyntax().MatchString(parts[1])
}
