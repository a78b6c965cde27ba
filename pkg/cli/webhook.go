package cli

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/memgate/memgate/pkg/admission"
	"github.com/memgate/memgate/pkg/check"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/source"
)

type webhookFlags struct {
	policies      policyFlags
	refdata       []string
	refdataLimit  size
	address       string
	cert, key     string
	maxInFlight   int
	maxQueue      int
	maxBody       size
	maxBytes      size
	shutdownDelay time.Duration
}

func newWebhookCommand() *cobra.Command {
	f := webhookFlags{refdataLimit: 64 << 20, maxBody: 7 << 20}
	cmd := &cobra.Command{
		Use:   "memgate-webhook [flags]",
		Short: "Serve Gatekeeper policies about memory as a validating admission webhook",
		Long: `Serve a validating admission webhook over TLS, in bounded memory: POST /v1/validate
takes an AdmissionReview of admission.k8s.io/v1, /healthz and /readyz are for probes.

The policies are those that memgate check takes, and so are the verdicts. What does not
fit is answered at once: with 413 if it is too large, with 429 if too many wait. A
request that is not denied and that a denying constraint cannot judge is answered with
500, so that the webhook's failurePolicy decides.`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	f.policies.register(cmd)
	flags.StringArrayVar(&f.refdata, "refdata", nil, "file or directory of objects that policies may read, and of Namespaces; repeatable")
	flags.Var(&f.refdataLimit, "refdata-limit", "bytes of reference data that are kept; 0 means no limit")
	flags.StringVar(&f.address, "address", ":8443", "host:port to listen on")
	flags.StringVar(&f.cert, "tls-cert-file", "", "certificate chain (PEM); read again when it changes")
	flags.StringVar(&f.key, "tls-private-key-file", "", "key of the certificate (PEM)")
	flags.IntVar(&f.maxInFlight, "max-in-flight", 0, "reviews at work at a time; 0 means one for each processor")
	flags.IntVar(&f.maxQueue, "max-queue", 0, "reviews that may wait; 0 means 64 for each at work, -1 none")
	flags.Var(&f.maxBody, "max-body", "size of the largest request")
	flags.Var(&f.maxBytes, "max-bytes", "size of all requests that are held at a time, which take some 14 times that of memory; 0 means --max-body and 1Mi")
	flags.DurationVar(&f.shutdownDelay, "shutdown-delay", 5*time.Second, "time in which requests are still served after SIGTERM")
	for _, name := range []string{"tls-cert-file", "tls-private-key-file"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined above
		}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return runWebhook(cmd.Context(), slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil)), f)
	}
	return cmd
}

func runWebhook(ctx context.Context, log *slog.Logger, f webhookFlags) error {
	if limit := admission.LimitMemory(); limit > 0 {
		log.Info("memory limit set from the cgroup", "bytes", limit)
	}
	// Compiling leaves behind more than is kept: collect it soon, and give it back below.
	percent := debug.SetGCPercent(10)
	client, _, err := f.policies.client(engine.Options{Point: policy.WebhookPoint, RefdataLimit: int64(f.refdataLimit)})
	debug.SetGCPercent(percent)
	if err != nil {
		return err
	}
	files, faults, err := source.Find(f.refdata, nil)
	if err != nil {
		return fmt.Errorf("--refdata: %w", err)
	}
	for _, fault := range faults {
		log.Warn("reference data not read", "file", fault.Name, "error", fault.Reason())
	}
	if err := check.Collect(ctx, files, check.Options{Client: client}); err != nil {
		log.Warn("reference data incomplete", "error", err.Error())
	}
	debug.FreeOSMemory()
	delay := f.shutdownDelay
	if delay == 0 {
		delay = -1 // none, where 0 would be the default
	}
	server, err := admission.New(admission.Config{
		Address:       f.address,
		CertFile:      f.cert,
		KeyFile:       f.key,
		Engine:        client,
		Log:           log,
		MaxInFlight:   f.maxInFlight,
		MaxQueue:      f.maxQueue,
		MaxBody:       int64(f.maxBody),
		MaxBytes:      int64(f.maxBytes),
		ShutdownDelay: delay,
	})
	if err != nil {
		return err
	}
	log.Info("policies loaded", "constraints", len(client.Constraints()), "referenceDataBytes", client.Data().Bytes())
	return server.Run(ctx)
}
