package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// caller is who calls, and which peer.
type caller struct {
	// The peer, host:port, and the name in its TLS certificate.
	peer, serverName string
	// PEM files: the root of the peer's TLS certificate, and the caller's own.
	tlsCA, cert, key string
	mspID            string
}

// connect makes the connection ready, as Fabric's documentation does. It lasts as long as the program.
func (c caller) connect() (*client.Gateway, error) {
	certPEM, err := os.ReadFile(c.cert)
	if err != nil {
		return nil, fmt.Errorf("--cert: %w", err)
	}
	certificate, err := identity.CertificateFromPEM(certPEM)
	if err != nil {
		return nil, fmt.Errorf("--cert %s: %w", c.cert, err)
	}
	caller, err := identity.NewX509Identity(c.mspID, certificate)
	if err != nil {
		return nil, fmt.Errorf("--cert %s: %w", c.cert, err)
	}
	keyPEM, err := os.ReadFile(c.key)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	key, err := identity.PrivateKeyFromPEM(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", c.key, err)
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", c.key, err)
	}
	transport, err := credentials.NewClientTLSFromFile(c.tlsCA, c.serverName)
	if err != nil {
		return nil, fmt.Errorf("--tls-ca %s: %w", c.tlsCA, err)
	}
	connection, err := grpc.NewClient(c.peer, grpc.WithTransportCredentials(transport))
	if err != nil {
		return nil, fmt.Errorf("--peer %s: %w", c.peer, err)
	}
	return client.Connect(caller, client.WithSign(sign), client.WithClientConnection(connection))
}
