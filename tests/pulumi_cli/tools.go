//go:build tools

// Package tools pins the Pulumi CLI that test-parity compares with.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
