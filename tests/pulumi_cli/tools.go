//go:build tools

// Package tools pins the Pulumi CLI that test-parity compares with, and its language host of YAML.
package tools

import (
	_ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
)
