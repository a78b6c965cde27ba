# METADATA
# title: fills in what a constraint leaves out
# description: |
#   The parameters of the constraint that is being evaluated. Rules read them here
#   and nowhere else, each with the default that its schema names, because a
#   constraint may leave spec.parameters out, leave it empty, or hold nulls.
package lib.parameter

# get is the parameter name, or fallback where the constraint does not set it.
get(name, fallback) := fallback if {
	object.get(_set, name, null) == null
} else := _set[name]

default _set := {}

_set := input.parameters if is_object(input.parameters)
