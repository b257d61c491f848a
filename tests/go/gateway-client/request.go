package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// request is what the command line asks for.
type request struct {
	// The peer, host:port, and the name in its TLS certificate.
	peer, serverName string
	// PEM files: the root of the peer's TLS certificate, and who calls.
	tlsCA, cert, key string
	mspID            string

	channel, contract string
	submit            bool
	function          string
	arguments         []string
	transient         map[string][]byte
	// MSP ids; empty leaves the choice to the peer.
	endorsingOrganizations []string
}

// parse reads the command line.
func parse(words []string) (request, error) {
	var parsed request
	flags := parsed.flags()
	if err := flags.Parse(words); err != nil {
		return request{}, err
	}
	var missing []string
	flags.VisitAll(func(flag *flag.Flag) {
		if flag.Value.String() == "" && !optionalFlags[flag.Name] {
			missing = append(missing, "--"+flag.Name)
		}
	})
	if len(missing) > 0 {
		return request{}, fmt.Errorf("missing: %s", strings.Join(missing, ", "))
	}
	rest := flags.Args()
	if len(rest) < 2 {
		return request{}, errors.New("after the flags come evaluate or submit, a function and its arguments")
	}
	switch rest[0] {
	case "evaluate":
	case "submit":
		parsed.submit = true
	default:
		return request{}, fmt.Errorf("after the flags comes evaluate or submit, not %q", rest[0])
	}
	parsed.function, parsed.arguments = rest[1], rest[2:]
	return parsed, nil
}

var optionalFlags = map[string]bool{"transient": true, "endorsing-organizations": true}

// flags are the flags that write into the request.
func (r *request) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("gateway-client", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&r.peer, "peer", "", "`address` of the peer, host:port")
	flags.StringVar(&r.serverName, "server-name", "", "`name` in the peer's TLS certificate")
	flags.StringVar(&r.tlsCA, "tls-ca", "", "PEM `file` of the root of the peer's TLS certificate")
	flags.StringVar(&r.cert, "cert", "", "PEM `file` of the caller's certificate")
	flags.StringVar(&r.key, "key", "", "PEM `file` of the caller's private key")
	flags.StringVar(&r.mspID, "msp-id", "", "`MSP id` of the caller's organization")
	flags.StringVar(&r.channel, "channel", "", "`name` of the channel")
	flags.StringVar(&r.contract, "contract", "", "`name` of the contract")
	flags.Func("transient", "transient data, `key=value`; may be given more than once", r.addTransient)
	flags.Func("endorsing-organizations", "`MSP ids` of those that are to endorse, with commas between", r.setEndorsingOrganizations)
	return flags
}

func (r *request) addTransient(pair string) error {
	key, value, found := strings.Cut(pair, "=")
	if !found || key == "" {
		return errors.New("has to be key=value")
	}
	if _, twice := r.transient[key]; twice {
		return fmt.Errorf("the key %q stands twice", key)
	}
	if r.transient == nil {
		r.transient = map[string][]byte{}
	}
	r.transient[key] = []byte(value)
	return nil
}

func (r *request) setEndorsingOrganizations(list string) error {
	organizations := strings.Split(list, ",")
	for _, organization := range organizations {
		if organization == "" {
			return errors.New("has to be MSP ids with commas between")
		}
	}
	r.endorsingOrganizations = organizations
	return nil
}

func usage() string {
	var text strings.Builder
	text.WriteString("gateway-client FLAGS (evaluate|submit) FUNCTION [ARGUMENT…]\n\n")
	flags := new(request).flags()
	flags.SetOutput(&text)
	flags.PrintDefaults()
	return text.String()
}
