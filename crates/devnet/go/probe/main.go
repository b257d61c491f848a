// Probe is the contract that every devnet deploys: small functions that make each thing happen that a Fabric network
// can do to a call. It runs as a chaincode service (CCAAS); one process serves all peers, and every contract
// definition that names its package.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// serve answers peers until the process is ended.
func serve() error {
	settings, err := readSettings(os.Getenv)
	if err != nil {
		return err
	}
	server := shim.ChaincodeServer{
		CCID:     settings.packageID,
		Address:  settings.address,
		CC:       newContract(),
		TLSProps: settings.tls,
	}
	return server.Start()
}
