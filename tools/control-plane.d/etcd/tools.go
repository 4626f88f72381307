//go:build tools

// Package etcd pins the etcd that `tools/control-plane` builds: a module of its own, as its dependencies differ from
// those of Kubernetes.
package etcd

import _ "go.etcd.io/etcd/server/v3"
