// Package cel judges reviews by the CEL code of ConstraintTemplates (engine
// K8sNativeValidation) as Gatekeeper 3.23 does: the variables, the libraries of
// Kubernetes 1.36, its cost limits and the messages are the same. It knows CEL and what
// such code may read; it knows neither templates, constraints nor matching.
//
// What cannot be judged is an error, where Gatekeeper denies or, by failurePolicy,
// passes. Nothing is built before the first template is compiled.
package cel

// Engine is the name of this engine in spec.targets[].code[].engine.
const Engine = "K8sNativeValidation"
