package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// The names under which Fabric's samples hand these settings to a chaincode service.
const (
	addressVariable   = "CHAINCODE_SERVER_ADDRESS"
	packageIDVariable = "CHAINCODE_ID"
	tlsKeyVariable    = "CHAINCODE_TLS_KEY"
	tlsCertVariable   = "CHAINCODE_TLS_CERT"
)

// settings are what the service has to know about its place in the network.
type settings struct {
	// Where it listens, host:port.
	address string
	// The id of the package that the peers installed, label:hash.
	packageID string
	tls       shim.TLSProperties
}

// readSettings takes the settings from environment variables, and the TLS key and certificate from the files they name.
func readSettings(environment func(string) string) (settings, error) {
	address, err := required(environment, addressVariable, "the address to listen on, host:port")
	if err != nil {
		return settings{}, err
	}
	packageID, err := required(environment, packageIDVariable, "the id of the installed package, label:hash")
	if err != nil {
		return settings{}, err
	}
	tls, err := readTLS(environment(tlsKeyVariable), environment(tlsCertVariable))
	if err != nil {
		return settings{}, err
	}
	return settings{address: address, packageID: packageID, tls: tls}, nil
}

func required(environment func(string) string, name, meaning string) (string, error) {
	value := environment(name)
	if value == "" {
		return "", fmt.Errorf("the environment variable %s is not set; it is %s", name, meaning)
	}
	return value, nil
}

func readTLS(keyFile, certFile string) (shim.TLSProperties, error) {
	if keyFile == "" && certFile == "" {
		return shim.TLSProperties{Disabled: true}, nil
	}
	if keyFile == "" || certFile == "" {
		return shim.TLSProperties{}, errors.New(
			"of " + tlsKeyVariable + " and " + tlsCertVariable + " one is set; set both for TLS, or neither",
		)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return shim.TLSProperties{}, fmt.Errorf("%s: %w", tlsKeyVariable, err)
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return shim.TLSProperties{}, fmt.Errorf("%s: %w", tlsCertVariable, err)
	}
	return shim.TLSProperties{Key: key, Cert: cert}, nil
}
