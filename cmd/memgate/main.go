// Memgate checks the memory of Kubernetes workloads by Gatekeeper policies, without a
// cluster.
package main

import (
	"os"

	"github.com/memgate/memgate/pkg/cli"
	"github.com/memgate/memgate/pkg/kustomize"
)

func main() { os.Exit(cli.Memgate(kustomize.Build)) }
