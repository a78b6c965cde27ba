package cel

import (
	"net/url"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// urlFunctions parse absolute URLs and absolute paths.
func urlFunctions() []celgo.EnvOption {
	kind := newKind(celgo.ObjectType("kubernetes.URL"), func(a, b *url.URL) bool { return a.String() == b.String() })
	part := func(name, id string, of func(*url.URL) string) celgo.EnvOption {
		return method(name, id, kind.Type, types.StringType, func(u *url.URL) ref.Val { return types.String(of(u)) })
	}
	return []celgo.EnvOption{
		function("url", "string_to_url", types.StringType, kind.Type, func(text string) ref.Val {
			u, err := parseURL(text)
			if err != nil {
				return types.WrapErr(err)
			}
			return kind.of(u)
		}),
		function("isURL", "is_url_string", types.StringType, types.BoolType, func(text string) ref.Val {
			_, err := url.ParseRequestURI(text)
			return types.Bool(err == nil)
		}),
		part("getScheme", "url_get_scheme", func(u *url.URL) string { return u.Scheme }),
		part("getHost", "url_get_host", func(u *url.URL) string { return u.Host }),
		part("getHostname", "url_get_hostname", (*url.URL).Hostname),
		part("getPort", "url_get_port", (*url.URL).Port),
		part("getEscapedPath", "url_get_escaped_path", (*url.URL).EscapedPath),
		method("getQuery", "url_get_query", kind.Type, celgo.MapType(types.StringType, celgo.ListType(types.StringType)), func(u *url.URL) ref.Val {
			query := map[ref.Val]ref.Val{}
			for key, values := range u.Query() {
				query[types.String(key)] = texts(values)
			}
			return types.NewRefValMap(types.DefaultTypeAdapter, query)
		}),
	}
}

// parseURL refuses relative ones, as ParseRequestURI does, which would take a fragment for
// a part of the path.
func parseURL(text string) (*url.URL, error) {
	if _, err := url.ParseRequestURI(text); err != nil {
		return nil, err
	}
	return url.Parse(text)
}
