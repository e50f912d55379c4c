// Command pulumi-resource-kubernetes is the provider of pulumi-kubernetes.
//
// Its module lacks two files that its own main package embeds and that a release generates; these are the
// files of which they are made.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, mapping)
}
