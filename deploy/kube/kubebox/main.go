// Command kubebox is the programs of a Kubernetes cluster in one file:
// kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl,
// etcd and helm, each with its own command line. They are compiled and linked
// once and share their memory's pages. It is the one whose name it is called
// by, a symbolic link, or the one that its first argument names.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	helm "helm.sh/helm/v4/pkg/cmd"
	helmkube "helm.sh/helm/v4/pkg/kube"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	name := filepath.Base(os.Args[0])
	if name == "kubebox" && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	os.Exit(be(name))
}

// be is the program of that name. Each is made only when asked for: making one
// registers its flags.
func be(name string) int {
	serve := func(c *cobra.Command) int { return cli.Run(c) }
	switch name {
	case "kube-apiserver":
		return serve(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		return serve(controllers.NewControllerManagerCommand())
	case "kube-scheduler":
		return serve(scheduler.NewSchedulerCommand())
	case "kubelet":
		return serve(kubelet.NewKubeletCommand(context.Background()))
	case "etcd":
		etcdmain.Main(os.Args)
		return 0
	case "kubectl":
		_, _ = logs.GlogSetter(kubectl.GetLogVerbosity(os.Args))
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			util.CheckErr(err)
		}
		return 0
	case "helm":
		return beHelm()
	}
	fmt.Fprintln(os.Stderr, "kubebox: call it kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl, etcd or helm")
	return 2
}

func beHelm() int {
	helmkube.ManagedFieldsManager = "helm"
	root, err := helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = root.Execute() // prints its own error
	if e, ok := errors.AsType[helm.CommandError](err); ok {
		return e.ExitCode
	}
	if err != nil {
		return 1
	}
	return 0
}
