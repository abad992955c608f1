package enrich

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// restConfig finds the API server. nil without an error: there is none, and
// none is needed.
func restConfig(cfg *Config) (*rest.Config, error) {
	if cfg.Enabled == "false" {
		return nil, nil
	}
	if cfg.Kubeconfig != "" {
		c, err := clientcmd.BuildConfigFromFlags("", cfg.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("cannot use kubernetes.kubeconfig %s: %w", cfg.Kubeconfig, err)
		}
		return c, nil
	}
	c, err := rest.InClusterConfig()
	switch {
	case err == nil:
		return c, nil
	case cfg.Enabled == "auto":
		return nil, nil
	case errors.Is(err, rest.ErrNotInCluster):
		return nil, fmt.Errorf("kubernetes.enabled is true outside of a pod: set kubernetes.kubeconfig")
	}
	return nil, fmt.Errorf("cannot use the pod's service account: %w", err)
}

// newClient makes a client that knows the three kinds that are asked for: all
// of core/v1, or a clientset, is megabytes of code and tables.
func newClient(c *rest.Config) (rest.Interface, runtime.ParameterCodec, error) {
	scheme := runtime.NewScheme()
	scheme.AddKnownTypes(corev1.SchemeGroupVersion,
		&corev1.Pod{}, &corev1.PodList{}, &corev1.Node{}, &corev1.NodeList{}, &corev1.Namespace{}, &corev1.NamespaceList{})
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	c = rest.CopyConfig(c)
	c.APIPath = "/api"
	c.GroupVersion = &corev1.SchemeGroupVersion
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.ContentType = "application/vnd.kubernetes.protobuf"
	c.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	c.UserAgent = "sluice"
	c.WarningHandler = rest.NoWarnings{}
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a client of the Kubernetes API server: %w", err)
	}
	return client, runtime.NewParameterCodec(scheme), nil
}
