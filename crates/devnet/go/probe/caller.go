package main

import (
	"errors"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/attrmgr"
	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/cid"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
)

// enrollmentIDAttribute is where Fabric CA puts the name under which a user is registered.
const enrollmentIDAttribute = "hf.EnrollmentID"

type caller struct {
	MSPID string `json:"msp_id"`
	// From the certificate's attribute; where the CA puts none, the common name.
	EnrollmentID string `json:"enrollment_id"`
	// As Fabric's libraries give it: base64 of subject and issuer, the same after a renewal.
	ID                  string            `json:"id"`
	OrganizationalUnits []string          `json:"organizational_units"`
	Attributes          map[string]string `json:"attributes"`
}

func whoami(stub shim.ChaincodeStubInterface, _ []argument) ([]byte, error) {
	client, err := cid.New(stub)
	if err != nil {
		return nil, err
	}
	mspID, err := client.GetMSPID()
	if err != nil {
		return nil, err
	}
	certificate, err := client.GetX509Certificate()
	if err != nil {
		return nil, err
	}
	if certificate == nil {
		return nil, errors.New("the caller has no X.509 certificate to tell it by")
	}
	id, err := client.GetID()
	if err != nil {
		return nil, err
	}
	attributes, err := attrmgr.New().GetAttributesFromCert(certificate)
	if err != nil {
		return nil, err
	}
	found := caller{
		MSPID:               mspID,
		EnrollmentID:        certificate.Subject.CommonName,
		ID:                  id,
		OrganizationalUnits: append([]string{}, certificate.Subject.OrganizationalUnit...),
		Attributes:          map[string]string{},
	}
	if attributes.Attrs != nil {
		found.Attributes = attributes.Attrs
	}
	if enrollmentID, present := attributes.Attrs[enrollmentIDAttribute]; present {
		found.EnrollmentID = enrollmentID
	}
	return jsonOf(found)
}
