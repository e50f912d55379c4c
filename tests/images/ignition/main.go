// Reads an Ignition configuration as Ignition itself does, and says its version and what it would write.
package main

import (
	"fmt"
	"os"

	"github.com/coreos/ignition/v2/config"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	found, report, err := config.Parse(data)
	if err != nil || len(report.Entries) > 0 {
		fmt.Fprintln(os.Stderr, report.String(), err)
		os.Exit(1)
	}
	fmt.Printf("files: %d\nunits: %d\nusers: %d\n", len(found.Storage.Files), len(found.Systemd.Units), len(found.Passwd.Users))
}
