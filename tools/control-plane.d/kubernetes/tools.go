//go:build tools

// Package kubernetes pins the Kubernetes that `tools/control-plane` builds where no envtest archive can be had.
package kubernetes

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
