package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/attrmgr"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// signedBy is a call by that creator.
type signedBy struct {
	shim.ChaincodeStubInterface
	creator []byte
}

func (s signedBy) GetCreator() ([]byte, error) {
	return s.creator, nil
}

// alice's certificate as a creator; attributes is what Fabric CA writes into its extension, nil for no extension.
func alice(t *testing.T, attributes []byte) signedBy {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "alice", OrganizationalUnit: []string{"client"}},
		NotAfter:     time.Now().Add(time.Hour),
	}
	if attributes != nil {
		template.ExtraExtensions = []pkix.Extension{{Id: attrmgr.AttrOID, Value: attributes}}
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	creator, err := proto.Marshal(&msp.SerializedIdentity{
		Mspid:   "Org1MSP",
		IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return signedBy{creator: creator}
}

func TestWhoamiTellsTheCaller(t *testing.T) {
	id := base64.StdEncoding.EncodeToString([]byte("x509::CN=alice,OU=client::CN=alice,OU=client"))
	for _, example := range []struct {
		attributes []byte
		enrollment string
		shown      string
	}{
		{nil, "alice", `{}`},
		{[]byte(`{"attrs":{"hf.EnrollmentID":"alice.smith","colour":"blue"}}`), "alice.smith",
			`{"colour":"blue","hf.EnrollmentID":"alice.smith"}`},
	} {
		answer, err := whoami(alice(t, example.attributes), nil)
		expected := `{"msp_id":"Org1MSP","enrollment_id":"` + example.enrollment + `","id":"` + id +
			`","organizational_units":["client"],"attributes":` + example.shown + `}`
		if err != nil || string(answer) != expected {
			t.Errorf("%s, %v", answer, err)
		}
	}
}

func TestWhoamiRefusesCallersWithoutACertificate(t *testing.T) {
	idemix, err := proto.Marshal(&msp.SerializedIdentity{Mspid: "IdemixMSP"})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := whoami(signedBy{creator: idemix}, nil)
	if err == nil || err.Error() != "the caller has no X.509 certificate to tell it by" {
		t.Errorf("%s, %v", answer, err)
	}
}
