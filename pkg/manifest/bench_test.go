package manifest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"
)

// deployments returns n documents as they come from a renderer.
func deployments(n int) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `---
# Source: chart/templates/web-%d.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-%d
  labels: {app: web, "app.kubernetes.io/part-of": shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
      - name: web
        image: registry.example.com/shop/web:1.2.%d
        args: ["--port=8080", "--verbose"]
        env:
        - name: MESSAGE
          value: |
            several lines
            of text
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
        volumeMounts:
        - name: cache
          mountPath: /var/cache
      volumes:
      - name: cache
        emptyDir: {medium: Memory, sizeLimit: 64Mi}
`, i, i, i)
	}
	return []byte(b.String())
}

func BenchmarkRead(b *testing.B) {
	const n = 100
	text := deployments(n)
	var documents [][]byte
	for s := newSplitter(bytes.NewReader(text), DefaultMaxDocument); ; {
		c, err := s.next()
		if err == io.EOF {
			break
		}
		documents = append(documents, c.text)
	}
	var asJSON [][]byte
	for _, d := range documents {
		j, err := sigsyaml.YAMLToJSON(d)
		if err != nil {
			b.Fatal(err)
		}
		asJSON = append(asJSON, j)
	}
	read := func(b *testing.B, text []byte) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if objects, err := Read("t", bytes.NewReader(text)); err != nil || len(objects) != n {
				b.Fatalf("Read() gives %d objects, %v; want %d", len(objects), err, n)
			}
		}
	}
	b.Run("memgate/YAML", func(b *testing.B) { read(b, text) })
	b.Run("memgate/JSON", func(b *testing.B) { read(b, bytes.Join(asJSON, []byte("\n"))) })
	b.Run("sigs.k8s.io/YAML", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			for _, d := range documents {
				var v map[string]any
				if err := sigsyaml.Unmarshal(d, &v); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkPlace(b *testing.B) {
	objects, err := Read("t", bytes.NewReader(deployments(1)))
	if err != nil {
		b.Fatal(err)
	}
	path := []any{"spec", "template", "spec", "volumes", 0, "emptyDir", "sizeLimit"}
	for b.Loop() {
		if p := objects[0].Place(path); p.Start.Line == 0 {
			b.Fatalf("Place(%v) = %v, want a line", path, p)
		}
	}
}
