// Reads policies as Kubernetes' own API server does: policies ADMISSION AUDIT.
package main

import (
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/apis/apiserver/install"
	"k8s.io/apiserver/pkg/audit/policy"
	podsecurity "k8s.io/pod-security-admission/admission/api/load"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	audit, err := policy.LoadPolicyFromFile(os.Args[2])
	must(err)
	fmt.Println("audit rules:", len(audit.Rules))
	scheme := runtime.NewScheme()
	install.Install(scheme)
	plugins := []string{"PodSecurity", "EventRateLimit"}
	provider, err := admission.ReadAdmissionConfiguration(plugins, os.Args[1], scheme)
	must(err)
	for _, name := range plugins {
		reader, err := provider.ConfigFor(name)
		must(err)
		if reader == nil {
			must(fmt.Errorf("%s has no configuration", name))
		}
		if name == "PodSecurity" {
			config, err := podsecurity.LoadFromReader(reader)
			must(err)
			fmt.Println("enforced:", config.Defaults.Enforce)
		}
	}
}
