package lib.image_test

import data.lib.image

test_parse if {
	every row in [
		{"in": "postgres", "out": {"repository": "postgres", "name": "postgres", "tag": "", "digest": ""}},
		{"in": "postgres:16-alpine", "out": {"repository": "postgres", "name": "postgres", "tag": "16-alpine", "digest": ""}},
		{"in": "docker.io/library/postgres:16", "out": {"repository": "docker.io/library/postgres", "name": "postgres", "tag": "16", "digest": ""}},
		{"in": "registry.example:5000/db/postgres", "out": {"repository": "registry.example:5000/db/postgres", "name": "postgres", "tag": "", "digest": ""}},
		{"in": "localhost:5000/postgres:16", "out": {"repository": "localhost:5000/postgres", "name": "postgres", "tag": "16", "digest": ""}},
		{"in": "postgres@sha256:ab12", "out": {"repository": "postgres", "name": "postgres", "tag": "", "digest": "sha256:ab12"}},
		{"in": "quay.io/x/spilo-15:3.0-p1@sha256:ab12", "out": {"repository": "quay.io/x/spilo-15", "name": "spilo-15", "tag": "3.0-p1", "digest": "sha256:ab12"}},
		{"in": "", "out": {"repository": "", "name": "", "tag": "", "digest": ""}},
	] {
		image.parse(row.in) == row.out
	}
}

test_what_is_no_text_is_no_reference if {
	every value in [null, 1, true, [], {}] {
		not image.parse(value)
		not image.matches("*", value)
	}
}

test_matches_by_repository_whatever_the_registry if {
	every reference in [
		"kube-proxy",
		"kube-proxy:v1.30.0",
		"registry.k8s.io/kube-proxy:v1.30.0",
		"mirror.example:5000/registry.k8s.io/kube-proxy@sha256:ab12",
	] {
		image.matches("*/kube-proxy", reference)
		image.matches("kube-proxy", reference)
		image.matches("*/kube-*", reference)
	}
	every reference in [
		"registry.k8s.io/kube-proxy-amd64:v1.9.0",
		"registry.k8s.io/my-kube-proxy",
		"kube-proxy/agent",
		"kube-proxy.example/agent:v1",
		"agent:kube-proxy",
		"agent@kube-proxy",
	] {
		not image.matches("*/kube-proxy", reference)
	}
}

test_a_pattern_of_two_parts_wants_both if {
	every reference in ["hashicorp/vault", "docker.io/hashicorp/vault:1.21.6", "mirror.example:5000/hub/hashicorp/vault"] {
		image.matches("hashicorp/vault", reference)
		image.matches("*/hashicorp/vault", reference)
	}
	every reference in ["vault", "bitnami/vault:1.21.6", "myhashicorp/vault", "hashicorp/x/vault"] {
		not image.matches("hashicorp/vault", reference)
	}
	image.matches("registry.example:5000/*/vault", "registry.example:5000/hashicorp/vault")
	not image.matches("hashicorp*", "hashicorp/vault")
}

test_a_dot_is_a_letter_like_others if {
	image.matches("k8s.*", "example/k8s.agent.x")
}

test_a_pattern_of_another_type_matches_nothing if {
	every pattern in [null, 1, {}, ["*"], ""] {
		not image.matches(pattern, "postgres")
	}
}
