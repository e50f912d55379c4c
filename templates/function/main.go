// A function for edge sites: it reads its environment, prints one line of JSON, and ends.
//
// The exit code is the answer to Kubernetes: 0 is done, anything else is tried again.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

func run() error {
	answer := map[string]string{
		"function": "$name",
		"site":     os.Getenv("SITE"),
		"time":     time.Now().UTC().Format(time.RFC3339),
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
