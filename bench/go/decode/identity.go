package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// identities are those that were read before, by their bytes: a channel has few, and each stands in many transactions.
type identities map[string]*creator

// attributesID is where Fabric's CA puts a JSON object with the identity's attributes.
const attributesID = "1.2.3.4.5.6.7.8.1"

func (known identities) decode(bytes []byte) (*creator, error) {
	if found, ok := known[string(bytes)]; ok {
		return found, nil
	}
	read, err := decodeIdentity(bytes)
	if err != nil {
		return nil, err
	}
	known[string(bytes)] = read
	return read, nil
}

func decodeIdentity(bytes []byte) (*creator, error) {
	var identity msp.SerializedIdentity
	if err := proto.Unmarshal(bytes, &identity); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(identity.GetIdBytes())
	if block == nil {
		return nil, errors.New("an identity is no PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(certificate.Raw)
	attributes := attributesOf(certificate)
	return &creator{
		organization: identity.GetMspid(),
		enrollmentID: enrollmentID(certificate, attributes),
		subject:      certificate.Subject.String(),
		issuer:       certificate.Issuer.String(),
		serial:       certificate.SerialNumber.Text(16),
		notBefore:    certificate.NotBefore,
		notAfter:     certificate.NotAfter,
		sha256:       hex.EncodeToString(digest[:]),
		attributes:   attributes,
	}, nil
}

func enrollmentID(certificate *x509.Certificate, attributes map[string]string) string {
	if name := attributes["hf.EnrollmentID"]; name != "" {
		return name
	}
	return certificate.Subject.CommonName
}

func attributesOf(certificate *x509.Certificate) map[string]string {
	for _, extension := range certificate.Extensions {
		if extension.Id.String() != attributesID {
			continue
		}
		var read struct {
			Attrs map[string]string `json:"attrs"`
		}
		if err := json.Unmarshal(extension.Value, &read); err == nil {
			return read.Attrs
		}
	}
	return nil
}
