# METADATA
# title: takes image references apart
# description: |
#   References of container images: [registry[:port]/]path[:tag][@digest].
package lib.image

# parse is {repository, name, tag, digest} of a reference: the repository keeps its
# registry, the name is its last part; tag and digest are "" where there is none.
# It is undefined for what is no text.
parse(reference) := {"repository": repository, "name": name, "tag": tag, "digest": digest} if {
	[_, repository, name, tag, digest] := regex.find_all_string_submatch_n(`(?s)^((?:[^@]*/)?([^/@:]*))(?::([^/@]*))?(?:@(.*))?$`, reference, 1)[0]
}

# matches holds if a glob matches the end of an image's repository, from any slash
# on: vault, */vault and hashicorp/vault all match mirror.example:5000/hashicorp/vault
# at any tag. A leading */ matches nothing as well; no other * goes past a slash.
matches(pattern, reference) if {
	repository := parse(reference).repository
	glob.match(sprintf("**/%s", [trim_prefix(pattern, "*/")]), ["/"], sprintf("/%s", [repository]))
}
