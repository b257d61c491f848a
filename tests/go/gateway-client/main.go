// Gateway-client calls a contract with Fabric's official Go client, as an independent witness in the end-to-end tests.
//
// The result's bytes go to standard output as they are. Standard error gets one line of JSON: after a submit what became
// of the transaction, after a failure why. The exit code is 0 when it went well, 1 when it did not, 2 for a command line
// that cannot be read.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(words []string) int {
	request, err := parse(words)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(os.Stderr, usage())
		return 0
	}
	if err != nil {
		report(failure{Message: err.Error()})
		return 2
	}
	result, committed, failed := request.call()
	if failed != nil {
		report(failed)
		return 1
	}
	if _, err := os.Stdout.Write(result); err != nil {
		report(failure{Message: "cannot write the result: " + err.Error()})
		return 1
	}
	if committed != nil {
		report(committed)
	}
	return 0
}

// report writes a line of JSON to standard error.
func report(line any) {
	encoder := json.NewEncoder(os.Stderr)
	encoder.SetEscapeHTML(false)
	// There is nowhere left to say that standard error is closed.
	_ = encoder.Encode(line)
}
