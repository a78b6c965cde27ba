# METADATA
# description: |
#   References of container images: [registry[:port]/]path[:tag][@digest].
package lib.image

# parse is {repository, name, tag, digest} of a reference: the repository keeps its
# registry, the name is its last part; tag and digest are "" where there is none.
# It is undefined for what is no text.
parse(reference) := {"repository": repository, "name": name, "tag": tag, "digest": digest} if {
	[tagged, digest] := _cut(reference, "@")
	parts := split(tagged, "/")
	[name, tag] := _cut(parts[count(parts) - 1], ":")
	repository := concat("/", array.concat(array.slice(parts, 0, count(parts) - 1), [name]))
}

# matches holds if a glob matches the end of an image's repository, from any slash
# on: vault, */vault and hashicorp/vault all match mirror.example:5000/hashicorp/vault
# at any tag. A leading */ matches nothing as well; no other * goes past a slash.
matches(pattern, reference) if {
	parts := split(parse(reference).repository, "/")
	some start in numbers.range(0, count(parts) - 1)
	rest := concat("/", array.slice(parts, start, count(parts)))
	glob.match(trim_prefix(pattern, "*/"), ["/"], rest)
}

# _cut is a text before and after the first separator.
_cut(text, separator) := [parts[0], concat(separator, array.slice(parts, 1, count(parts)))] if {
	parts := split(text, separator)
}
