package main

import (
	"fmt"
	"os"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

const (
	// How long a peer may take to run a contract, and an orderer to take a transaction. By default a peer gives a contract
	// 30 s, and evaluates on another peer then; waiting longer shows its own answer.
	stepTimeout = 90 * time.Second
	// How long a transaction may take from the orderer into a block.
	commitTimeout = 60 * time.Second
)

// connection is one to a peer's gateway, as one caller.
type connection struct {
	channel *grpc.ClientConn
	gateway *client.Gateway
}

// connect makes the connection ready. The peer is spoken to at the first call.
func (r request) connect() (*connection, error) {
	caller, sign, err := r.identity()
	if err != nil {
		return nil, err
	}
	transport, err := credentials.NewClientTLSFromFile(r.tlsCA, r.serverName)
	if err != nil {
		return nil, fmt.Errorf("--tls-ca %s: %w", r.tlsCA, err)
	}
	channel, err := grpc.NewClient(r.peer, grpc.WithTransportCredentials(transport))
	if err != nil {
		return nil, fmt.Errorf("--peer %s: %w", r.peer, err)
	}
	gateway, err := client.Connect(caller,
		client.WithSign(sign),
		client.WithClientConnection(channel),
		client.WithEvaluateTimeout(stepTimeout),
		client.WithEndorseTimeout(stepTimeout),
		client.WithSubmitTimeout(stepTimeout),
		client.WithCommitStatusTimeout(commitTimeout),
	)
	if err != nil {
		_ = channel.Close()
		return nil, err
	}
	return &connection{channel: channel, gateway: gateway}, nil
}

// close ends the connection. Its errors change nothing any more.
func (c *connection) close() {
	_ = c.gateway.Close()
	_ = c.channel.Close()
}

func (r request) identity() (identity.Identity, identity.Sign, error) {
	certPEM, err := os.ReadFile(r.cert)
	if err != nil {
		return nil, nil, fmt.Errorf("--cert: %w", err)
	}
	certificate, err := identity.CertificateFromPEM(certPEM)
	if err != nil {
		return nil, nil, fmt.Errorf("--cert %s: %w", r.cert, err)
	}
	caller, err := identity.NewX509Identity(r.mspID, certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("--cert %s: %w", r.cert, err)
	}
	keyPEM, err := os.ReadFile(r.key)
	if err != nil {
		return nil, nil, fmt.Errorf("--key: %w", err)
	}
	key, err := identity.PrivateKeyFromPEM(keyPEM)
	if err != nil {
		return nil, nil, fmt.Errorf("--key %s: %w", r.key, err)
	}
	sign, err := identity.NewPrivateKeySign(key)
	if err != nil {
		return nil, nil, fmt.Errorf("--key %s: %w", r.key, err)
	}
	return caller, sign, nil
}
