// Client is Fabric's official Go client under load, as the benchmarks measure it.
//
// It reads lines of JSON that say what to do, and answers each with a line of JSON that says how it went. It connects once and
// keeps its connection, as a server would.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	var caller caller
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	flags.StringVar(&caller.peer, "peer", "", "`address` of the peer, host:port")
	flags.StringVar(&caller.serverName, "server-name", "", "`name` in the peer's TLS certificate")
	flags.StringVar(&caller.tlsCA, "tls-ca", "", "PEM `file` of the root of the peer's TLS certificate")
	flags.StringVar(&caller.cert, "cert", "", "PEM `file` of the caller's certificate")
	flags.StringVar(&caller.key, "key", "", "PEM `file` of the caller's private key")
	flags.StringVar(&caller.mspID, "msp-id", "", "`MSP id` of the caller's organization")
	channel := flags.String("channel", "", "`name` of the channel")
	contract := flags.String("contract", "", "`name` of the contract")
	if err := flags.Parse(words); err != nil {
		return err
	}
	gateway, err := caller.connect()
	if err != nil {
		return err
	}
	called := gateway.GetNetwork(*channel).GetContract(*contract)
	orders := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for orders.Scan() {
		var order order
		if err := json.Unmarshal(orders.Bytes(), &order); err != nil {
			return fmt.Errorf("%q: %w", orders.Text(), err)
		}
		answer, err := order.carryOut(called)
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return orders.Err()
}
