package cel

import (
	"maps"

	celgo "github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
)

// Names of the types of variables, as Kubernetes gives them.
const (
	requestType   = "kubernetes.AdmissionRequest"
	namespaceType = "kubernetes.Namespace"
	variablesType = "kubernetes.variables"
)

type fields map[string]*types.Type

// A schema tells the type checker the fields of request, namespaceObject and variables.
// The values are plain maps; nothing else asks for a field's type.
type schema struct {
	types.Provider
	structs map[string]fields
}

// newSchema has the fields of k8s.io/apiserver/pkg/admission/plugin/cel. The UID in
// capitals is the API server's.
func newSchema() *schema {
	var (
		text    = celgo.StringType
		texts   = celgo.ListType(text)
		textMap = celgo.MapType(text, text)
		object  = func(name string) *types.Type { return celgo.ObjectType(name) }
	)
	return &schema{structs: map[string]fields{
		requestType: {
			"kind": object("kubernetes.GroupVersionKind"), "resource": object("kubernetes.GroupVersionResource"), "subResource": text,
			"requestKind": object("kubernetes.GroupVersionKind"), "requestResource": object("kubernetes.GroupVersionResource"), "requestSubResource": text,
			"name": text, "namespace": text, "operation": text, "userInfo": object("kubernetes.UserInfo"),
			"dryRun": celgo.BoolType, "options": celgo.DynType,
		},
		"kubernetes.GroupVersionKind":     {"group": text, "version": text, "kind": text},
		"kubernetes.GroupVersionResource": {"group": text, "version": text, "resource": text},
		"kubernetes.UserInfo":             {"username": text, "uid": text, "groups": texts, "extra": celgo.MapType(text, texts)},
		namespaceType: {
			"metadata": object("kubernetes.NamespaceMetadata"), "spec": object("kubernetes.NamespaceSpec"), "status": object("kubernetes.NamespaceStatus"),
		},
		"kubernetes.NamespaceMetadata": {
			"name": text, "generateName": text, "namespace": text, "labels": textMap, "annotations": textMap, "UID": text,
			"creationTimestamp": celgo.TimestampType, "deletionTimestamp": celgo.TimestampType, "deletionGracePeriodSeconds": celgo.IntType,
			"generation": celgo.IntType, "resourceVersion": text, "finalizers": texts,
		},
		"kubernetes.NamespaceSpec":      {"finalizers": texts},
		"kubernetes.NamespaceStatus":    {"conditions": celgo.ListType(object("kubernetes.NamespaceCondition")), "phase": text},
		"kubernetes.NamespaceCondition": {"status": text, "type": text, "lastTransitionTime": celgo.TimestampType, "message": text, "reason": text},
		variablesType:                   {},
	}}
}

// install puts the schema before the types that an environment has.
func (s *schema) install(env *celgo.Env) (*celgo.Env, error) {
	s.Provider = env.CELTypeProvider()
	return celgo.CustomTypeProvider(s)(env)
}

// extensible is a copy to which variables may be added.
func (s *schema) extensible() *schema {
	structs := maps.Clone(s.structs)
	structs[variablesType] = maps.Clone(structs[variablesType])
	return &schema{s.Provider, structs}
}

// addVariable declares a variable; the type is nil if it does not compile.
func (s *schema) addVariable(name string, result *types.Type) {
	s.structs[variablesType][name] = declared(result)
}

func (s *schema) FindStructType(name string) (*types.Type, bool) {
	if _, found := s.structs[name]; found {
		return types.NewTypeTypeWithParam(celgo.ObjectType(name)), true
	}
	return s.Provider.FindStructType(name)
}

func (s *schema) FindStructFieldNames(name string) ([]string, bool) {
	if _, found := s.structs[name]; found {
		return nil, false
	}
	return s.Provider.FindStructFieldNames(name)
}

func (s *schema) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	known, found := s.structs[name]
	if !found {
		return s.Provider.FindStructFieldType(name, field)
	}
	t, found := known[field]
	return &types.FieldType{Type: t}, found
}

// declared is the type of a variable whose expression has a type, as the API server
// declares it: only simple types, lists and maps are kept (convertCelTypeToDeclType).
func declared(result *types.Type) *types.Type {
	if result == nil {
		return celgo.DynType
	}
	switch result.Kind() {
	case types.ListKind:
		return celgo.ListType(declared(result.Parameters()[0]))
	case types.MapKind:
		return celgo.MapType(declared(result.Parameters()[0]), declared(result.Parameters()[1]))
	}
	switch result {
	case celgo.AnyType, celgo.BoolType, celgo.BytesType, celgo.DoubleType, celgo.DurationType, celgo.IntType,
		celgo.NullType, celgo.StringType, celgo.TimestampType, celgo.UintType:
		return result
	}
	return celgo.DynType
}
