package main

import "fmt"

const namespaceManifest = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: checkout } }
`

// container is one of the log application. Its name on each line is the pod's
// and its own.
func container(name, args string) string {
	return fmt.Sprintf(`
    - name: %[1]s
      image: localhost/logapp:1
      imagePullPolicy: Never
      args: [%[2]s]
      env:
      - { name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
      - { name: LOGAPP_NAME, value: $(POD)/%[1]s }`, name, args)
}

// workload is an object with a pod template.
func workload(api, kind, name, more, containers string) string {
	return annotated(api, kind, name, more, "", containers)
}

func annotated(api, kind, name, more, annotations, containers string) string {
	return fmt.Sprintf(`
---
apiVersion: %[1]s
kind: %[2]s
metadata: { name: %[3]s, namespace: shop }
spec:
  %[4]s
  template:
    metadata: { labels: { app: %[3]s }, annotations: { %[6]s } }
    spec:
      terminationGracePeriodSeconds: 10
      %[5]s
`, api, kind, name, more, indent(containers), annotations)
}

// indent moves a pod's spec two columns to the right, where a template has it.
func indent(spec string) (out string) {
	for _, c := range spec {
		out += string(c)
		if c == '\n' {
			out += "  "
		}
	}
	return out
}

// manifests are containers of every kind: fast ones whose files rotate all the
// time, long lines that the runtime splits, one that crashes again and again,
// init containers, several in one pod with annotations for each, and each kind
// of owner.
func manifests(rate int) string {
	busy := container("app", fmt.Sprintf(`"-rate", "%d"`, rate))
	selector := func(name string) string { return fmt.Sprintf("selector: { matchLabels: { app: %s } }", name) }
	return workload("apps/v1", "Deployment", "busy", "replicas: 2\n  "+selector("busy"), "containers:"+busy) +
		workload("apps/v1", "Deployment", "long", selector("long"), "containers:"+container("app", `"-rate", "50", "-long", "10"`)+container("side", `"-rate", "5"`)) +
		workload("apps/v1", "StatefulSet", "db", "serviceName: db\n  "+selector("db"),
			"initContainers:"+container("init", `"-n", "30", "-rate", "100"`)+"\n    containers:"+container("app", `"-rate", "20"`)) +
		annotated("apps/v1", "Deployment", "asked", selector("asked"), `sluice.dev/exclude.quiet: "true", fluentbit.io/exclude_stderr-half: "true", sluice.dev/dataset: asked, `+
			`sluice.dev/parser.app: line, fluentbit.io/parser_stdout-half: line, sluice.dev/multiline.two: '/^[^\t]/'`,
			"containers:"+container("app", `"-rate", "20"`)+container("two", `"-rate", "20", "-more"`)+container("quiet", `"-rate", "20"`)+container("half", `"-rate", "20"`)) +
		workload("batch/v1", "Job", "import", "backoffLimit: 0", "restartPolicy: Never\n    containers:"+container("app", `"-n", "200", "-rate", "50"`)) + `
---
apiVersion: v1
kind: Pod
metadata: { name: crash, namespace: shop, labels: { app: crash } }
spec:
  containers:` + container("app", `"-n", "20", "-rate", "100", "-exit", "3"`)
}

// shortManifest is a pod that lives two seconds.
func shortManifest(name string) string {
	return fmt.Sprintf(`
---
apiVersion: v1
kind: Pod
metadata: { name: %s, namespace: shop, labels: { app: short } }
spec:
  restartPolicy: Never
  containers:%s`, name, container("app", `"-n", "20", "-rate", "10"`))
}

// staticManifest is a pod of the kubelet's own.
var staticManifest = `
apiVersion: v1
kind: Pod
metadata: { name: static, namespace: shop, labels: { app: static } }
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 10
  containers:` + container("app", `"-rate", "20"`)
