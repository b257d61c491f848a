package main

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func expectJSON(t *testing.T, value any, expected string) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil || string(text) != expected {
		t.Errorf("%s, %v", text, err)
	}
}

func TestStatusesAreReportedWithWhatEachNodeSaid(t *testing.T) {
	refused, err := status.New(codes.Aborted, "failed to endorse").WithDetails(
		&gateway.ErrorDetail{Address: "peer0:7051", MspId: "Org1MSP", Message: "chaincode response 500, full"},
	)
	if err != nil {
		t.Fatal(err)
	}
	expectJSON(t, failureOf(refused.Err(), "a1"), `{"status":"ABORTED","message":"failed to endorse","details":`+
		`[{"address":"peer0:7051","msp_id":"Org1MSP","message":"chaincode response 500, full"}],"transaction_id":"a1"}`)
	expectJSON(t, failureOf(status.Error(codes.FailedPrecondition, "no peers"), ""),
		`{"status":"FAILED_PRECONDITION","message":"no peers"}`)
}

func TestOtherErrorsAreReportedAsTheyAre(t *testing.T) {
	expectJSON(t, failureOf(errors.New("no such file"), ""), `{"message":"no such file"}`)
}

func TestCommits(t *testing.T) {
	made := commitOf(&client.Status{Code: peer.TxValidationCode_VALID, TransactionID: "a1", BlockNumber: 1 << 40})
	expectJSON(t, made, `{"transaction_id":"a1","block_number":1099511627776,"validation_code":"VALID"}`)
	made = commitOf(&client.Status{Code: peer.TxValidationCode_MVCC_READ_CONFLICT, TransactionID: "a2"})
	expectJSON(t, invalid(made), `{"message":"the transaction stands in a block, but does not count",`+
		`"transaction_id":"a2","validation_code":"MVCC_READ_CONFLICT","block_number":0}`)
}
