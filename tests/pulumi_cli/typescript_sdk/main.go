// Command pulumi-typescript-sdk writes the TypeScript SDK of a schema: pulumi-typescript-sdk SCHEMA FOLDER.
//
// `pulumi package gen-sdk` needs the language host of Node.js for that; this is the generator alone.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var spec schema.PackageSpec
	check(json.Unmarshal(text, &spec))
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	check(err)
	if diagnostics.HasErrors() {
		log.Fatal(diagnostics)
	}
	files, err := nodejs.GeneratePackage("pulumi-typescript-sdk", pkg, nil, nil, true, nil)
	check(err)
	for name, file := range files {
		path := filepath.Join(os.Args[2], name)
		check(os.MkdirAll(filepath.Dir(path), 0o755))
		check(os.WriteFile(path, file, 0o644))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
