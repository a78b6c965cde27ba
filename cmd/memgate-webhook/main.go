// Command memgate-webhook judges Kubernetes admission requests by Gatekeeper policies.
package main

import (
	"os"

	"github.com/memgate/memgate/pkg/cli"
)

func main() { os.Exit(cli.Webhook()) }
