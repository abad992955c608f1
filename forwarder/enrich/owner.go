package enrich

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"sluice/event"
)

// ownersOf names what made the pod, the nearest first. The workload behind it
// is told from names, not asked for: a Deployment's ReplicaSet is named
// NAME-HASH with the hash in the pod's labels, a CronJob's Job NAME-MINUTES. So
// no watch over the cluster's ReplicaSets and Jobs is needed.
func ownersOf(p *corev1.Pod) (owners []event.Pair) {
	for i := range p.OwnerReferences {
		r := &p.OwnerReferences[i]
		if r.Controller == nil || !*r.Controller || r.Kind == "Node" { // a mirror pod is the node's
			continue
		}
		owners = append(owners, event.Pair{Name: r.Kind, Value: r.Name})
		switch r.Kind {
		case "ReplicaSet":
			if name, ok := strings.CutSuffix(r.Name, "-"+p.Labels["pod-template-hash"]); ok && name != "" {
				owners = append(owners, event.Pair{Name: "Deployment", Value: name})
			}
		case "Job":
			if name := cronJob(r.Name); name != "" {
				owners = append(owners, event.Pair{Name: "CronJob", Value: name})
			}
		}
		return owners
	}
	return nil
}

// cronJob is the name of the CronJob that made a Job; empty if none did. The
// controller appends the scheduled time in minutes since 1970: eight digits
// from 1989 to 2160.
func cronJob(job string) string {
	dash := strings.LastIndexByte(job, '-')
	if dash < 1 || len(job)-dash-1 != 8 || strings.Trim(job[dash+1:], "0123456789") != "" {
		return ""
	}
	return job[:dash]
}
